"""Projects and their members."""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import Conflict, Invalid
from console.core.policies import require_role
from console.core.scope import Role, Scope
from console.core.validation import clean_name, clean_text
from console.identity.models.projects import DEFAULT_LIMITS, Membership, Project, Quota
from console.identity.models.users import User
from console.identity.services.changes import change, guard


def project_create(scope: Scope, *, name: str, description: str = "") -> Project:
    """Make a project with the default quotas. Its address in URLs comes from its name and never changes."""
    guard(scope, "project.create", staff=True)
    name = clean_name(name, limit=64)
    description = clean_text(description, field="description", limit_bytes=255)
    slug = _free_slug(name)
    with change(scope, "project.create") as act:
        try:
            with transaction.atomic():
                project: Project = Project.unscoped.create(name=name, slug=slug, description=description)
        except IntegrityError as error:
            raise Conflict(_("There is a project of that name."), fields={"name": [_("Taken.")]}) from error
        Quota.unscoped.bulk_create(
            Quota(project=project, resource=resource, limit=limit) for resource, limit in DEFAULT_LIMITS.items()
        )
        act.project_id = project.pk
        act.about(project)
        publish("project", project.pk, project_id=project.pk, created=True)
    return project


def project_update(
    scope: Scope,
    *,
    project_id: uuid.UUID,
    name: str | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Project:
    """Rename, describe, enable or disable. A disabled project's guests run on; nobody but staff can act in it."""
    guard(scope, "project.update", staff=True)
    with change(scope, "project.update") as act:
        project: Project = Project.objects.get_within(scope, pk=project_id)
        act.project_id = project.pk
        if name is not None:
            project.name = clean_name(name, limit=64)
        if description is not None:
            project.description = clean_text(description, field="description", limit_bytes=255)
        if enabled is not None:
            project.enabled = enabled
        act.about(project, enabled=project.enabled)
        try:
            with transaction.atomic():
                project.save()
        except IntegrityError as error:
            raise Conflict(_("There is a project of that name."), fields={"name": [_("Taken.")]}) from error
        publish("project", project.pk, project_id=project.pk)
    return project


def _free_slug(name: str) -> str:
    base = slugify(name)[:48] or "project"
    taken = set(Project.unscoped.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(slug for slug in candidates if slug not in taken)


def member_set(scope: Scope, *, username: str, role: str) -> Membership:
    """Give a user a role in the scope's project, or another one."""
    guard(scope, "member.set", Role.ADMIN)
    if role not in set(Role):
        raise Invalid.field("role", _("The roles are reader, member and admin."))
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Invalid.field("username", _("There is no user of that login name."))
    with change(scope, "member.set") as act:
        project: Project = Project.objects.get_within(scope, pk=scope.project_id)
        membership: Membership
        membership, created = Membership.unscoped.get_or_create(project=project, user=user, defaults={"role": role})
        if not created and membership.role != role:
            _keep_an_admin(membership)
            membership.role = role
            membership.save()
        act.about(membership, role=role)
        publish("membership", membership.pk, project_id=project.pk, created=created)
    return membership


def member_remove(scope: Scope, *, membership_id: uuid.UUID) -> None:
    """Take a user out of the project, with the tokens that he has there. One may always leave."""
    with change(scope, "member.remove") as act:
        membership: Membership = Membership.objects.get_within(scope, pk=membership_id)
        if membership.user_id != scope.user_id:
            require_role(scope, Role.ADMIN)
        _keep_an_admin(membership)
        act.about(membership)
        membership.user.api_tokens.filter(project_id=membership.project_id).delete()
        project_id, member_id = membership.project_id, membership.pk
        membership.delete()
        publish("membership", member_id, project_id=project_id)


def _keep_an_admin(membership: Membership) -> None:
    Project.unscoped.select_for_update().get(pk=membership.project_id)  # two who go at the same moment go in turn
    others = Membership.unscoped.filter(project_id=membership.project_id, role=Role.ADMIN).exclude(pk=membership.pk)
    if membership.role == Role.ADMIN and not others.exists():
        raise Conflict(
            _("This is the project's last administrator."), hint=_("Make somebody else an administrator first.")
        )

"""How a signed-in user and an address become a Scope."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from console.core.errors import Forbidden, NotFound
from console.core.scope import Role, Scope
from console.identity.models.projects import Membership, Project


def page_scope(
    user: Any, *, slug: str | None, fleet: bool, request_id: str, session: str, language: str
) -> tuple[Scope, Project | None]:
    """The scope of a page or a socket. NotFound for a project that is not the user's, Forbidden for fleet pages."""
    base = Scope(user_id=user.pk, is_staff=user.is_staff, request_id=request_id, session=session, language=language)
    if fleet and not user.is_staff:
        raise Forbidden(_("Only the staff of this cloud may see this page."), code="staff_needed")
    if slug is None:
        return base, None
    project = Project.unscoped.filter(slug=slug).first()
    role = (
        Membership.unscoped.filter(project=project, user=user).values_list("role", flat=True).first()
        if project
        else None
    )
    if project is None or (role is None and not user.is_staff) or (not project.enabled and not user.is_staff):
        raise NotFound(_("There is no such project."), code="project_not_found")
    return (
        Scope(
            project_id=project.pk,
            user_id=user.pk,
            role=Role(role) if role else Role.ADMIN,
            is_staff=user.is_staff,
            request_id=request_id,
            session=session,
            language=language,
        ),
        project,
    )


def projects_of(user: Any) -> list[Project]:
    """The projects that a user can go to, by name: his own first, for staff then all the others."""
    own = list(Project.unscoped.filter(memberships__user=user, enabled=True).order_by("name"))
    if not user.is_staff:
        return own
    known = {project.pk for project in own}
    return own + [project for project in Project.unscoped.order_by("name") if project.pk not in known]

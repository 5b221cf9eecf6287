"""Reading projects, their members, tokens and quotas, users, and the audit trail."""

from __future__ import annotations

import uuid

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from console.core.errors import NotFound
from console.core.policies import require_role, require_staff
from console.core.scope import Role, Scope
from console.identity.models.audit import AuditEvent
from console.identity.models.projects import ApiToken, Membership, Project, Quota
from console.identity.models.users import User


def project_list(scope: Scope) -> QuerySet[Project]:
    return Project.objects.within(scope)


def project_get(scope: Scope, *, project_id: uuid.UUID | str) -> Project:
    project: Project = Project.objects.get_within(scope, pk=project_id)
    return project


def projects_with_members(scope: Scope) -> QuerySet[Project]:
    """Projects with `member_count`."""
    return Project.objects.within(scope).annotate(member_count=Count("memberships"))


def member_list(scope: Scope) -> QuerySet[Membership]:
    return Membership.objects.within(scope).select_related("user", "project")


def member_get(scope: Scope, *, membership_id: uuid.UUID | str) -> Membership:
    membership: Membership = Membership.objects.get_within(scope, pk=membership_id)
    return membership


def membership_of_caller(scope: Scope) -> Membership | None:
    """The caller's own place in the scope's project."""
    own: Membership | None = Membership.objects.within(scope).filter(user_id=scope.user_id).first()
    return own


def memberships_of(scope: Scope, *, user_id: uuid.UUID) -> list[Membership]:
    """Every project of a user: for staff, and for himself."""
    if user_id != scope.user_id:
        require_staff(scope)
    return list(Membership.unscoped.filter(user_id=user_id).select_related("project").order_by("project__name"))


def token_list(scope: Scope) -> QuerySet[ApiToken]:
    """The caller's own tokens; for a project's administrators everybody's."""
    rows = ApiToken.objects.within(scope).select_related("user")
    return rows if scope.may(Role.ADMIN) else rows.filter(user_id=scope.user_id)


def token_get(scope: Scope, *, token_id: uuid.UUID | str) -> ApiToken:
    token = token_list(scope).filter(pk=token_id).first()
    if token is None:
        raise NotFound(_("There is no such token."), code="apitoken_not_found")
    return token


def quota_list(scope: Scope) -> QuerySet[Quota]:
    return Quota.objects.within(scope)


def user_list(scope: Scope) -> QuerySet[User]:
    require_staff(scope)
    return User.objects.all()


def user_get(scope: Scope, *, user_id: uuid.UUID | str) -> User:
    user = user_list(scope).filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("There is no such user."), code="user_not_found")
    return user


def audit_list(scope: Scope) -> QuerySet[AuditEvent]:
    """What was done in the project, for its administrators; everything everywhere, for staff who look fleet-wide."""
    require_role(scope, Role.ADMIN)
    return AuditEvent.objects.within(scope).select_related("project")


def audit_get(scope: Scope, *, event_id: uuid.UUID | str) -> AuditEvent:
    require_role(scope, Role.ADMIN)
    event: AuditEvent = AuditEvent.objects.get_within(scope, pk=event_id)
    return event


def keepers(*, limit: int = 5) -> list[User]:
    """Staff who can help somebody that belongs to no project yet."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("full_name", "username")[:limit])

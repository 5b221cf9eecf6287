"""Reading projects, their members, tokens and quotas, users, and the audit trail."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
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


def member_list(scope: Scope) -> QuerySet[Membership]:
    return Membership.objects.within(scope).select_related("user")


def member_get(scope: Scope, *, membership_id: uuid.UUID | str) -> Membership:
    membership: Membership = Membership.objects.get_within(scope, pk=membership_id)
    return membership


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
    return AuditEvent.objects.within(scope)


def audit_get(scope: Scope, *, event_id: uuid.UUID | str) -> AuditEvent:
    require_role(scope, Role.ADMIN)
    event: AuditEvent = AuditEvent.objects.get_within(scope, pk=event_id)
    return event

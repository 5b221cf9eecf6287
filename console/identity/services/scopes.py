"""How a signed-in user and an address become a Scope."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from console.core.errors import Forbidden, NotFound
from console.core.ids import known
from console.core.scope import Role, Scope
from console.identity.models.projects import ApiToken, Membership, Project
from console.identity.models.users import User


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


def is_signed_in(user: Any, session: str) -> bool:
    """Whether a scope's session still stands for the user: log-outs, new passwords and revocations end it.

    What lives longer than a request asks this again and again: Django itself looks at a session at each request only.
    """
    kind, _colon, token_id = session.partition(":")
    if kind == "token":
        lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        wanted = ApiToken.unscoped.filter(pk__in=known(token_id), user_id=user.pk)
        return wanted.filter(lasting, revoked_at=None).exists()
    kept = import_module(settings.SESSION_ENGINE).SessionStore(session)
    return str(kept.get(SESSION_KEY, "")) == str(user.pk) and constant_time_compare(
        kept.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )


def user_of_session(session: str) -> User | None:
    """Who is signed in by a session's key; None where nobody is."""
    kept = import_module(settings.SESSION_ENGINE).SessionStore(session)
    user = User.objects.filter(pk__in=known(kept.get(SESSION_KEY)), is_active=True).first()
    return user if user is not None and is_signed_in(user, session) else None


def projects_of(user: Any) -> list[Project]:
    """The projects that a user can go to, by name: his own first, for staff then all the others."""
    own = list(Project.unscoped.filter(memberships__user=user, enabled=True).order_by("name"))
    if not user.is_staff:
        return own
    known = {project.pk for project in own}
    return own + [project for project in Project.unscoped.order_by("name") if project.pk not in known]

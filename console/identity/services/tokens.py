"""API tokens: made once, shown once, kept as a keyed hash."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
import uuid

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from console.core.errors import Invalid, NotFound, Unauthenticated
from console.core.policies import require_role
from console.core.scope import Role, Scope
from console.core.validation import clean_name
from console.identity.models.projects import ApiToken, Membership
from console.identity.services.changes import change, guard

PREFIX = "vdk_"
_LAST_USE_GRAIN = datetime.timedelta(minutes=1)


def token_create(scope: Scope, *, name: str, expires_at: datetime.datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token for the caller in the scope's project. Answers the row and the secret, which is never seen again."""
    guard(scope, "token.create", Role.READER)
    if scope.project_id is None or scope.user_id is None:
        raise NotFound(_("A token belongs to a user and a project."))
    name = clean_name(name, limit=64)
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.field("expires_at", _("This must be in the future."))
    secret = PREFIX + secrets.token_urlsafe(32)
    with change(scope, "token.create") as act:
        token = ApiToken.unscoped.create(
            project_id=scope.project_id,
            user_id=scope.user_id,
            name=name,
            digest=token_digest(secret),
            expires_at=expires_at,
        )
        act.about(token)
    return token, secret


def token_revoke(scope: Scope, *, token_id: uuid.UUID) -> ApiToken:
    """Make a token useless at once. One's own; a project's administrators may revoke anybody's."""
    with change(scope, "token.revoke") as act:
        token: ApiToken = ApiToken.objects.get_within(scope, pk=token_id)
        if token.user_id != scope.user_id:
            require_role(scope, Role.ADMIN)
        act.about(token)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at", "updated_at"])
    return token


def token_digest(secret: str) -> str:
    """HMAC-SHA256 under the installation's key. The secret has 256 random bits, so no slow hash is needed."""
    return hmac.new(settings.SECRET_KEY.encode(), secret.encode(), hashlib.sha256).hexdigest()


def token_scope(secret: str, *, request_id: str) -> Scope:
    """The scope that a token opens. Unauthenticated for one that is unknown, expired, revoked or of a disabled user."""
    token = (
        ApiToken.unscoped.select_related("user", "project").filter(digest=token_digest(secret)).first()
        if secret.startswith(PREFIX)
        else None
    )
    now = timezone.now()
    if token is None or token.revoked_at or (token.expires_at and token.expires_at <= now):
        raise Unauthenticated(
            _("The token is unknown, expired or revoked."), hint=_("Make a new one under API access.")
        )
    if not token.user.is_active or not token.project.enabled:
        raise Unauthenticated(_("The token's user or project is disabled."))
    role = Membership.unscoped.filter(project=token.project, user=token.user).values_list("role", flat=True).first()
    if role is None and not token.user.is_staff:
        raise Unauthenticated(_("The token's user is no longer a member of the project."))
    if token.last_used_at is None or now - token.last_used_at > _LAST_USE_GRAIN:
        ApiToken.unscoped.filter(pk=token.pk).update(last_used_at=now)
    return Scope(
        project_id=token.project_id,
        user_id=token.user_id,
        role=Role(role) if role else Role.ADMIN,
        is_staff=token.user.is_staff,
        request_id=request_id,
        session=f"token:{token.pk}",
    )

"""`Authorization: Bearer vdk_…` for REST v1."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from console.core.errors import Unauthenticated
from console.core.scope import Scope
from console.identity.services.tokens import token_scope


class Caller:
    """What DRF calls the user: here the scope of the token."""

    is_authenticated = True

    def __init__(self, scope: Scope) -> None:
        self.scope = scope


class TokenAuthentication(BaseAuthentication):
    """Project-scoped tokens. No cookies, so no CSRF."""

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise Unauthenticated(_("The header must read “Authorization: Bearer <token>”."))
        scope = token_scope(parts[1].decode("latin-1"), request_id=getattr(request._request, "request_id", ""))
        return Caller(scope), scope.session

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="virtdeck"'


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI schema words it."""

    target_class = "console.identity.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}

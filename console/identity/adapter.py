"""How allauth is used: people are made by staff, and every sign-in is audited."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from console.core.scope import Scope
from console.identity.models.audit import Outcome
from console.identity.services.changes import record


class AccountAdapter(DefaultAccountAdapter):
    """No sign-up; sign-ins leave audit events."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, _request: HttpRequest, **credentials: Any) -> str:
        """What failures are counted by: the name alone. allauth adds the Host header, in which any port may stand."""
        return str(credentials.get("username", "")).lower()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        record(
            Scope(request_id=getattr(request, "request_id", "")),
            "user.login",
            outcome=Outcome.REFUSED,
            username=str(credentials.get("username", ""))[:150],
            address=self.get_client_ip(request),
        )

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        record(
            Scope(user_id=user.pk, request_id=getattr(request, "request_id", "")),
            "user.login",
            target=user,
            address=self.get_client_ip(request),
        )
        return super().post_login(request, user, **kwargs)

    def set_password(self, user: Any, password: str) -> None:
        """Called when somebody changes his own password; other sessions of his end with it."""
        super().set_password(user, password)
        request_id = getattr(self.request, "request_id", "")
        record(Scope(user_id=user.pk, request_id=request_id), "user.change_password", target=user)

    def get_password_change_redirect_url(self, _request: HttpRequest) -> str:
        return reverse("account")

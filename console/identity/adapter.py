"""How allauth is used: people are made by staff, and every sign-in is audited."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from console.core.scope import Scope
from console.identity.models.audit import Outcome
from console.identity.services.changes import record


class AccountAdapter(DefaultAccountAdapter):
    """No sign-up; sign-ins leave audit events."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

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

"""Builds the caller's Scope for every page, from the URL and the membership."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from console.core.errors import Refusal
from console.core.middleware import refusal_response
from console.identity.services.scopes import page_scope


class ScopeMiddleware:
    """Sets `request.caller`. A project that the user does not belong to does not exist for him."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        match = request.resolver_match
        try:
            scope, project = page_scope(
                request.user,
                slug=kwargs.pop("project", None),
                fleet=bool(match and "fleet" in match.namespaces),
                request_id=request.request_id,  # type: ignore[attr-defined]
                session=request.session.session_key or "",
                language=get_language() or "en",
            )
        except Refusal as refusal:
            return refusal_response(request, refusal)
        request.caller = scope  # type: ignore[attr-defined]
        request.project = project  # type: ignore[attr-defined]
        return None

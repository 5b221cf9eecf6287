"""What wraps every request: its id, its log line, and refusals in the caller's form."""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from console.core import ids
from console.core.errors import Refusal
from console.core.problem import CONTENT_TYPE, problem_body

_OWN_ID = re.compile(r"req-[0-9a-f-]{36}")


class RequestIdMiddleware:
    """Give each request an id, bind it to the log, and send it back as X-Request-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-Id", "")
        request.request_id = sent if _OWN_ID.fullmatch(sent) else ids.request_id()  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class RefusalMiddleware(MiddlewareMixin):
    """Turn a Refusal that a page's view raised into an answer."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal_response(request, error) if isinstance(error, Refusal) else None


def refusal_response(request: HttpRequest, error: Refusal) -> HttpResponse:
    """A refusal as a page, or as problem+json for the scripts of our own pages."""
    if "application/json" in request.headers.get("Accept", "") or request.headers.get("HX-Request"):
        return JsonResponse(problem_body(error, request), status=error.status, content_type=CONTENT_TYPE)
    template = {404: "404.html", 403: "403.html"}.get(error.status, "refusal.html")
    return render(request, template, {"error": error}, status=error.status)

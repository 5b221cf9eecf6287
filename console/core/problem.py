"""Problem details (RFC 9457) for REST v1 and for the scripts of our own pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from console.core.errors import Busy, Invalid, NotFound, Refusal

CONTENT_TYPE = "application/problem+json"


def problem_body(error: Refusal, request: Any) -> dict[str, Any]:
    """The body for a refusal: type, title, status, code, detail, hint, fields, request id."""
    body: dict[str, Any] = {
        "type": f"urn:virtdeck:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "hint": error.hint,
        "request_id": getattr(request, "request_id", ""),
    }
    if error.fields:
        body["fields"] = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
    if isinstance(error, Busy) and error.operation_id:
        body["operation"] = str(error.operation_id)
    return body


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every refusal leaves as application/problem+json; bugs go on to Django's 500."""
    request = context["request"]._request
    refusal = error if isinstance(error, Refusal) else _translated(error)
    if refusal is None:
        return None
    set_rollback()
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    elif refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]
    return Response(
        problem_body(refusal, request), status=refusal.status, content_type=CONTENT_TYPE, headers=headers or None
    )


def _translated(error: Exception) -> Refusal | None:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    refusal = Refusal(str(error.detail), code=str(error.default_code))
    refusal.status = error.status_code
    refusal.title = error.__class__.default_detail.__str__().rstrip(".")
    return refusal


def _invalid(error: exceptions.ValidationError) -> Refusal:
    detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
    fields = {name: [str(text) for text in _flat(value)] for name, value in detail.items()}
    first_name, first_texts = next(iter(fields.items()))
    where = "" if first_name == "non_field_errors" else f"{first_name}: "
    return Invalid(f"{where}{first_texts[0]}", fields=fields)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [f"{key}: {text}" for key, inner in value.items() for text in _flat(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _flat(inner)]
    return [value]


def not_found_response(request: HttpRequest) -> dict[str, Any]:
    """The body for a path under /api/ that leads nowhere."""
    return problem_body(NotFound("There is nothing at this address.", code="no_such_path"), request)

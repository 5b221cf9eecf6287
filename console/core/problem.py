"""Problem details (RFC 9457) for REST v1 and for the scripts of our own pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from console.core.errors import Busy, Invalid, NotFound, Refusal, Text, Unauthenticated

CONTENT_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="virtdeck"'
_LONGEST_TEXT = 1000

_HINTS: dict[int, Text] = {
    400: _("Send a well-formed request; /api/v1/docs/ shows what each address takes."),
    401: _("Send the header “Authorization: Bearer <token>”; tokens are made under API access."),
    403: _("Use a token of somebody with a higher role, or ask an administrator of the project."),
    404: _("Check the address and the id, and that the token is for the right project."),
    405: _("The header Allow names the methods that this address takes."),
    406: _("Ask for application/json."),
    409: _("Look at the thing as it is now, then try again."),
    413: _("Send less at once."),
    415: _("Send the body as application/json, an image's file as application/octet-stream."),
    422: _("Correct what is named under “fields” and send it again."),
    429: _("Wait a little and try again."),
    500: _("Tell an administrator of the cloud the request id; the log has the details under it."),
    503: _("Try again in a moment."),
}
"""What to do about it, where the refusal itself does not say."""

_CODES = {400: "malformed", 405: "method_not_allowed", 406: "not_acceptable", 415: "unsupported_media_type"}


def problem_body(error: Refusal, request: Any) -> dict[str, Any]:
    """The body for a refusal: type, title, status, code, detail, hint, fields, request id."""
    body: dict[str, Any] = {
        "type": f"urn:virtdeck:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": _presentable(error.message),
        "hint": _presentable(error.hint or _HINTS.get(error.status, "")),
        "request_id": getattr(request, "request_id", ""),
    }
    if error.fields:
        body["fields"] = {
            _presentable(name): [_presentable(text) for text in texts] for name, texts in error.fields.items()
        }
    if isinstance(error, Busy) and error.operation_id:
        body["operation"] = str(error.operation_id)
    return body


def _presentable(text: Text) -> str:
    """Text that may quote what was sent: bounded, and free of the surrogates that UTF-8 cannot carry."""
    return str(text)[:_LONGEST_TEXT].encode(errors="backslashreplace").decode()


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every refusal leaves as application/problem+json; bugs go on to Django's 500."""
    request = context["request"]._request
    refusal = error if isinstance(error, Refusal) else _translated(error)
    if refusal is None:
        return None
    set_rollback()
    headers = {"WWW-Authenticate": CHALLENGE} if refusal.status == 401 else {}
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]
    return Response(problem_body(refusal, request), status=refusal.status, content_type=CONTENT_TYPE, headers=headers)


def _translated(error: Exception) -> Refusal | None:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    if error.status_code == 401:
        return Unauthenticated(str(error.detail))
    return refusal_of(error.status_code, str(error.detail), code=str(error.default_code))


def refusal_of(status: int, message: Text, *, code: str = "") -> Refusal:
    """A refusal for a status that no class of ours stands for."""
    refusal = Refusal(message, code=_CODES.get(status, code))
    refusal.status = status
    refusal.title = HTTPStatus(status).phrase
    return refusal


def _invalid(error: exceptions.ValidationError) -> Refusal:
    detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
    fields = {str(name): [str(text) for text in _flat(value)] for name, value in detail.items()}
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
    return problem_body(NotFound(_("There is nothing at this address."), code="no_such_path"), request)

"""Refusals as problem details: one shape, whoever raised them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from rest_framework import exceptions
from rest_framework.request import Request

from console.core import errors
from console.core.errors import Busy, Invalid, Refusal
from console.core.middleware import RefusalMiddleware, RequestIdMiddleware, refusal_response
from console.core.problem import CONTENT_TYPE, exception_handler, problem_body

REFUSALS = [
    (errors.Invalid, 422, "invalid"),
    (errors.Unauthenticated, 401, "unauthenticated"),
    (errors.Forbidden, 403, "forbidden"),
    (errors.NotFound, 404, "not_found"),
    (errors.Conflict, 409, "conflict"),
    (errors.Busy, 409, "busy"),
    (errors.QuotaExceeded, 409, "quota_exceeded"),
    (errors.NoCapacity, 409, "no_capacity"),
    (errors.TooLarge, 413, "too_large"),
    (errors.TooMany, 429, "too_many_requests"),
    (errors.Unavailable, 503, "unavailable"),
]


def handled(error: Exception) -> Any:
    request = Request(RequestFactory().get("/api/v1/x"))
    request._request.request_id = "req-1"  # type: ignore[attr-defined]
    return exception_handler(error, {"request": request})


@pytest.mark.parametrize(("kind", "status", "code"), REFUSALS)
def test_every_refusal_has_its_body(kind: type[Refusal], status: int, code: str) -> None:
    answer = handled(kind("What happened.", hint="What to do."))
    assert (answer.status_code, answer.content_type) == (status, CONTENT_TYPE)
    assert answer.data == {
        "type": f"urn:virtdeck:problem:{code}",
        "title": kind.title,
        "status": status,
        "code": code,
        "detail": "What happened.",
        "hint": "What to do.",
        "request_id": "req-1",
    }
    assert json.loads(json.dumps(answer.data)) == answer.data
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_every_kind_of_refusal_is_in_the_table() -> None:
    def all_of(kind: type[Refusal]) -> set[type[Refusal]]:
        return {kind}.union(*(all_of(child) for child in kind.__subclasses__()))

    ours = {kind for kind in all_of(Refusal) if kind.__module__ == errors.__name__} - {Refusal}
    assert ours == {kind for kind, _status, _code in REFUSALS}


def test_fields_and_the_operation_in_the_way_are_named() -> None:
    body = problem_body(Invalid.field("name", "Too long."), None)
    assert body["fields"] == {"name": ["Too long."]} and body["detail"] == "Too long."
    operation = uuid.uuid4()
    assert problem_body(Busy("Busy.", operation_id=operation), None)["operation"] == str(operation)
    assert "fields" not in problem_body(Busy("Busy."), None)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ValidationError({"name": ["Bad."], "nics": [{"mac": ["Wrong."]}]}), 422, "invalid"),
        (exceptions.ValidationError("Bad."), 422, "invalid"),
        (exceptions.ParseError(), 400, "malformed"),
        (exceptions.NotAuthenticated(), 401, "unauthenticated"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("x"), 415, "unsupported_media_type"),
        (exceptions.Throttled(9), 429, "throttled"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_others_raise_looks_the_same(error: Exception, status: int, code: str) -> None:
    answer = handled(error)
    assert (answer.status_code, answer.data["status"], answer.data["code"]) == (status, status, code)
    assert answer.content_type == CONTENT_TYPE and answer.data["detail"]
    if isinstance(error, exceptions.Throttled):
        assert answer.headers["Retry-After"] == "10"


def test_nested_fields_are_flat() -> None:
    answer = handled(exceptions.ValidationError({"nics": [{"mac": ["Wrong."]}], "name": ["Bad."]}))
    assert answer.data["fields"] == {"nics": ["mac: Wrong."], "name": ["Bad."]}


def test_bugs_are_not_dressed_up() -> None:
    assert handled(ValueError("a bug")) is None
    middleware = RefusalMiddleware(lambda _request: HttpResponse())
    assert middleware.process_exception(RequestFactory().get("/"), ValueError()) is None


@pytest.mark.parametrize("headers", [{"accept": "application/json"}, {"hx-request": "true"}])
def test_scripts_get_json(headers: dict[str, str]) -> None:
    request = RequestFactory().get("/", headers=headers)
    answer = refusal_response(request, errors.Conflict("No."))
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, CONTENT_TYPE)
    assert json.loads(answer.content)["detail"] == "No."


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("req-4f0c3b1e-6d0a-4a53-9a51-6a5d1c0e9b11", True),
        ("", False),
        ("x", False),
        ("req-<script>", False),
        ("req-" + "a" * 36 + "\n", False),
    ],
)
def test_request_ids_are_ours_or_look_like_ours(sent: str, kept: bool) -> None:
    request = RequestFactory().get("/", HTTP_X_REQUEST_ID=sent)
    answer = RequestIdMiddleware(lambda _request: HttpResponse())(request)
    assert (answer.headers["X-Request-Id"] == sent) == kept
    assert answer.headers["X-Request-Id"].startswith("req-") and len(answer.headers["X-Request-Id"]) == 40

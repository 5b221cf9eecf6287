"""Views that belong to no app: health, and what is shown when a form's token is stale."""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from console.core.errors import Forbidden, Refusal
from console.core.middleware import refusal_response
from console.core.problem import CONTENT_TYPE, not_found_response, problem_body, refusal_of


@login_not_required
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 when this process can reach the database and Redis, 503 with the reason otherwise."""
    parts = {"database": _database(), "redis": _redis()}
    healthy = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if healthy else "degraded", **parts}, status=200 if healthy else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"failed: {type(error).__name__}"
    return "ok"


def _redis() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError as error:
        return f"failed: {type(error).__name__}"
    return "ok"


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it
    """A form that was sent with a stale or missing token."""
    return refusal_response(
        request,
        Forbidden(
            _("The form's security token is missing or out of date."),
            hint=_("Reload the page and send the form again."),
            code="csrf_failed",
        ),
    )


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest, **_kwargs: Any) -> JsonResponse:
    """Any path under /api/ that leads nowhere."""
    return JsonResponse(not_found_response(request), status=404, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django itself refuses, e.g. a header or a body that cannot be read."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    return _problem(request, refusal_of(400, _("The request cannot be read.")))


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug of ours. Nothing of it is told but the request id, under which the log has the rest."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return _problem(request, refusal_of(500, _("An error inside Virtdeck."), code="internal_error"))


def _problem(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    return JsonResponse(problem_body(refusal, request), status=refusal.status, content_type=CONTENT_TYPE)

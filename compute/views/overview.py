"""The first page of a project."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from compute import panels


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What runs, how much of the quota is used, and what was done last."""
    scope = request.caller
    return render(
        request,
        "compute/overview.html",
        {
            **panels.counts_context(scope),
            "quotas": panels.quota_bars(scope),
            "recent": panels.recent_context(scope),
        },
    )

"""The first page of a project."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from compute import panels
from console.core.pages import PageRequest


@require_safe
def overview(request: PageRequest) -> HttpResponse:
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

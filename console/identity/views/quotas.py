"""What a project uses, and how much it may."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console.core.pages import accepted, go
from console.core.policies import require_staff
from console.core.scope import Scope
from console.identity.forms import QUOTA_UNITS, QuotaForm
from console.identity.models.projects import UNLIMITED, Quota, Resource
from console.identity.navigation import project_crumbs
from console.identity.selectors import quota_list
from console.identity.services.quotas import quota_set


def quota_rows(scope: Scope) -> list[Quota]:
    """The quotas of the scope's project, in the order in which resources are told."""
    rank = {value: number for number, value in enumerate(Resource.values)}
    rows = quota_list(scope).filter(project_id=scope.project_id)
    return sorted(rows, key=lambda quota: rank.get(quota.resource, len(rank)))


def quota_bars(quotas: list[Quota]) -> list[dict[str, Any]]:
    """What `components/quota_bar.html` shows."""
    return [
        {
            "key": quota.resource,
            "label": Resource(quota.resource).label,
            "used": quota.used,
            "limit": None if quota.limit == UNLIMITED else quota.limit,
            "unit": QUOTA_UNITS.get(quota.resource, ""),
        }
        for quota in quotas
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def quotas(request: HttpRequest) -> HttpResponse:
    """Use against limits; staff set the limits here."""
    scope = request.caller
    rows = quota_rows(scope)
    form = None
    status = 200
    if request.method == "POST":
        require_staff(scope)
        form = QuotaForm(request.POST, quotas=rows)
        if accepted(form, lambda: quota_set(scope, project_id=request.project.pk, limits=form.limits)):
            return go(request, _("The limits are set."), to=reverse("project:quotas", args=[request.project.slug]))
        status = 422
    elif scope.is_staff:
        form = QuotaForm(quotas=rows)
    context = {
        "crumbs": project_crumbs(request, (_("Quotas"), "")),
        "bars": quota_bars(rows),
        "region": f"quotas:{request.project.pk}",
        "form": form,
    }
    return render(request, "identity/quotas.html", context, status=status)

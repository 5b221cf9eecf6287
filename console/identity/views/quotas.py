"""What a project uses, and how much it may."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console.core.pages import PageRequest, accepted, go
from console.core.policies import require_staff
from console.identity.forms import QuotaForm
from console.identity.navigation import project_crumbs
from console.identity.presenting import quota_bars, quota_rows
from console.identity.services.quotas import quota_set


@require_http_methods(["GET", "HEAD", "POST"])
def quotas(request: PageRequest) -> HttpResponse:
    """Use against limits; staff set the limits here."""
    scope = request.caller
    rows = quota_rows(scope)
    form = QuotaForm(request.POST if request.method == "POST" else None, quotas=rows)
    if request.method == "POST":
        require_staff(scope)
        if accepted(form, lambda: quota_set(scope, project_id=request.project.pk, limits=form.limits)):
            return go(request, _("The limits are set."), to=reverse("project:quotas", args=[request.project.slug]))
    context = {
        "crumbs": project_crumbs(request, (_("Quotas"), "")),
        "bars": quota_bars(rows),
        "region": f"quotas:{request.project.pk}",
        "form": form if scope.is_staff else None,
    }
    return render(request, "identity/quotas.html", context, status=422 if form.is_bound else 200)

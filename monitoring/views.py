"""Charts of the last minutes of an instance."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compute.panels import head_context, tabs
from console.core.pages import PageRequest
from console.fleet.services.samples import samples_read
from monitoring.charts import charts_of


@require_safe
def instance_metrics(request: PageRequest, instance_id: uuid.UUID) -> HttpResponse:
    """CPU, memory, disk and network of one instance."""
    head = head_context(request.caller, instance_id)
    instance = head["instance"]
    points = samples_read(instance.pk)
    context = {
        **head,
        "tabs": tabs(instance, "instance-metrics"),
        "region": f"instance.metrics:{instance.pk}",
        "charts": charts_of(points),
        "silent": not points,
        "silence": _("The guest does not run: there is nothing to measure.")
        if not instance.may("console")
        else _("No measurements yet. They come every few seconds once the observer sees the guest."),
    }
    return render(request, "monitoring/instance_metrics.html", context)

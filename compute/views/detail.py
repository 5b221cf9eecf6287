"""The pages of one instance."""

from __future__ import annotations

import json
import uuid
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from compute import panels
from compute.actions import instance_url
from compute.forms import RenameForm
from compute.selectors import instance_get
from compute.services.consoles import KINDS, console_ticket
from compute.services.instances import instance_update
from console.core.pages import PageRequest, accepted, go


def _page(
    request: PageRequest, instance_id: uuid.UUID, tab: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    head = panels.head_context(request.caller, instance_id)
    return render(request, template, {**head, **context, "tabs": panels.tabs(head["instance"], tab)})


@require_safe
def overview(request: PageRequest, instance_id: uuid.UUID) -> HttpResponse:
    """Facts, ports and disks."""
    context = panels.overview_context(request.caller, instance_id)
    return _page(request, instance_id, "instance", "compute/instance/overview.html", context)


@csp_update({"style-src": [UNSAFE_INLINE]})  # type: ignore[arg-type] # it wraps any view, its stub says less
@require_safe
def console(request: PageRequest, instance_id: uuid.UUID) -> HttpResponse:
    """The serial console or the screen. xterm.js writes styles of its own, hence the wider policy of this page."""
    context = panels.console_context(request.caller, instance_id)
    asked = request.GET.get("type", "")
    context["kind"] = asked if asked in KINDS else KINDS[0]
    context["ticket_url"] = instance_url(context["instance"], "instance-console-ticket")
    return _page(request, instance_id, "instance-console", "compute/instance/console.html", context)


@require_POST
def ticket(request: PageRequest, instance_id: uuid.UUID) -> JsonResponse:
    """A ticket for one console session: `{"type": "serial" | "vnc"}` in, address of the socket out."""
    try:
        asked = json.loads(request.body or b"{}")
    except ValueError:
        asked = {}
    kind = asked.get("type") if isinstance(asked, dict) else None
    secret = console_ticket(request.caller, instance_id=instance_id, kind=str(kind or ""))
    return JsonResponse({"url": f"/ws/console/{secret}/", "password": ""})


@require_safe
def log(request: PageRequest, instance_id: uuid.UUID) -> HttpResponse:
    """The end of the serial output."""
    asked = request.GET.get("lines", "")
    lines = int(asked) if asked in {str(n) for n in panels.LOG_LINES} else panels.LOG_LINES[0]
    context = panels.log_context(request.caller, instance_id, lines)
    return _page(request, instance_id, "instance-log", "compute/instance/log.html", context)


@require_safe
def activity(request: PageRequest, instance_id: uuid.UUID) -> HttpResponse:
    """What was done to it."""
    context = panels.activity_context(request.caller, instance_id)
    return _page(request, instance_id, "instance-activity", "compute/instance/activity.html", context)


@require_POST
def rename(request: PageRequest, instance_id: uuid.UUID) -> HttpResponse:
    """Rename an instance; a name that will not do comes back with its reason."""
    instance = instance_get(request.caller, instance_id=instance_id)
    form = RenameForm(request.POST)
    if not accepted(
        form, lambda: instance_update(request.caller, instance_id=instance_id, name=form.cleaned_data["name"])
    ):
        context = {"form": form, "rename_url": instance_url(instance, "instance-rename")}
        return render(request, "compute/instance/rename_form.html", context, status=422)
    return go(request, "", to=instance_url(instance))

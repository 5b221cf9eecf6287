"""The parts of an instance's pages, rendered alike for a request and for a push."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from compute.actions import detail_actions, instance_url, may_change
from compute.models.instances import Instance
from compute.selectors import console_log, instance_get, status_counts
from compute.states import ALIVE, PILLS, InstanceStatus
from console.core.errors import NotFound
from console.core.pills import Pill
from console.core.scope import Role, Scope
from console.core.templatetags.ui import gib, mib
from console.identity.models.projects import UNLIMITED, Resource
from console.identity.selectors import project_get, quota_list
from console.operations.models.operations import Operation, State
from console.operations.pills import pill_of
from console.operations.registry import handler_for, label_of, step_label
from console.operations.selectors import operation_list, operations_of
from storage.selectors import volumes_of

Context = dict[str, Any]

STEP_PILLS = {
    "running": Pill(gettext_lazy("running"), "azure", busy=True),
    "done": Pill(gettext_lazy("done"), "green", icon="circle-check"),
    "failed": Pill(gettext_lazy("failed"), "red", icon="alert-triangle"),
    "undone": Pill(gettext_lazy("taken back"), "grey", icon="arrow-back-up"),
}
UNITS = {Resource.RAM: "mib", Resource.GIGABYTES: "gib"}
LOG_LINES = (100, 500, 2000)


# --- one instance -----------------------------------------------------------------------------------------------------


def tabs(instance: Instance, active: str) -> list[Context]:
    """The tabs of a detail page, each with an address of its own."""
    shown = [
        (_("Overview"), "instance", "info-circle"),
        (_("Console"), "instance-console", "terminal-2"),
        (_("Console log"), "instance-log", "file-text"),
        (_("Metrics"), "instance-metrics", "chart-line"),
        (_("Activity"), "instance-activity", "activity"),
    ]
    return [
        {"label": label, "url": instance_url(instance, page), "icon": icon, "active": page == active}
        for label, page, icon in shown
    ]


def head_context(scope: Scope, instance_id: uuid.UUID | str) -> Context:
    """The head of a detail page: name, status, facts, acts, and what goes on or went wrong."""
    instance = instance_get(scope, instance_id=instance_id)
    latest = operations_of(scope, target_id=instance.pk, limit=1)
    operation = latest[0] if latest else None
    return {
        "instance": instance,
        "crumbs": [
            {"label": instance.project.name, "url": reverse("project:overview", args=[instance.project.slug])},
            {"label": _("Instances"), "url": reverse("project:instances", args=[instance.project.slug])},
            {"label": instance.name},
        ],
        "actions": detail_actions(instance, scope),
        "chips": _chips(scope, instance),
        "may_change": may_change(scope),
        "rename_url": instance_url(instance, "instance-rename"),
        "running": _running(scope, instance, operation) if operation and operation.is_active else None,
        "trouble": _trouble(scope, instance, operation) if instance.trouble else None,
        "stale": _stale(scope, instance),
        "goes": _what_goes(instance, list(volumes_of(scope, instance_id=instance.pk))),
    }


def _chips(scope: Scope, instance: Instance) -> list[Context]:
    chips: list[Context] = [
        {"icon": "network", "key": _("Address"), "value": port.address, "copy": True}
        for port in instance.port_rows
        if port.address
    ]
    if not chips and instance.shown in ALIVE:
        chips.append({"icon": "network", "key": _("Address"), "value": _("waiting for DHCP")})
    size = f"{instance.vcpus} vCPU · {mib(instance.memory_mib)} · {gib(instance.disk_gib)}"
    chips.append({"icon": "ruler-2", "key": _("Size"), "value": size})
    if scope.is_staff and instance.host:
        url = reverse("fleet:host", args=[instance.host_id])
        chips.append({"icon": "server-2", "key": _("Host"), "value": instance.host.name, "url": url})
    chips.append({"icon": "hash", "key": _("Id"), "value": str(instance.pk), "copy": True})
    return chips


def _running(scope: Scope, instance: Instance, operation: Operation) -> Context:
    cancellable = handler_for(operation.kind).cancellable and operation.state != State.CANCELLING
    return {
        "operation": operation,
        "percent": operation.percent or None,
        "label": label_of(operation.kind),
        "step": step_label(operation.kind, operation.step),
        "undoing": operation.undoing or operation.state == State.CANCELLING,
        "note": _note(operation),
        "url": _operation_url(instance, operation),
        "cancel": {
            "label": _("Cancel"),
            "icon": "x",
            "url": f"{instance_url(instance)}actions/cancel/",
            "confirm": {
                "title": _("Cancel “%(what)s”?") % {"what": label_of(operation.kind)},
                "text": _("What it has done so far is taken back."),
                "button": _("Cancel operation"),
            },
        }
        if cancellable and may_change(scope)
        else None,
    }


def _note(operation: Operation) -> str:
    """What the step at work says of itself, such as when the plug will be pulled."""
    step = operation.steps.order_by("-number").first()
    return step.note if step else ""


def _trouble(scope: Scope, instance: Instance, operation: Operation | None) -> Context:
    failed = operation if operation and operation.state in (State.FAILED, State.CANCELLED) else None
    retry = {
        "label": _("Retry"),
        "icon": "refresh",
        "url": f"{instance_url(instance)}actions/retry/",
    }
    offered = failed and may_change(scope) and handler_for(failed.kind).retryable
    what = label_of(failed.kind) if failed else ""
    return {
        "title": _("%(what)s failed") % {"what": what} if what else _("Something went wrong"),
        "text": instance.trouble,
        "hint": instance.trouble_hint,
        "request_id": failed.request_id if failed else "",
        "buttons": [retry] if offered else [],
        "url": _operation_url(instance, failed) if failed else "",
    }


def _stale(scope: Scope, instance: Instance) -> Context | None:
    if instance.host is None or instance.host_ok:
        return None
    name = instance.host.name if scope.is_staff else _("the host")
    return {"name": name, "last_seen": instance.host.last_seen}


def _what_goes(instance: Instance, volumes: list[Any]) -> list[str]:
    disks = len(volumes)
    size = sum(volume.size_gib for volume in volumes)
    goes = []
    if disks:
        goes.append(
            ngettext(
                "Its disk of %(size)s, with all that is on it", "Its %(n)d disks of %(size)s, with all on them", disks
            )
            % {"n": disks, "size": gib(size)}
        )
    addresses = ", ".join(port.address for port in instance.port_rows if port.address)
    if addresses:
        goes.append(_("Its address %(addresses)s") % {"addresses": addresses})
    goes.append(_("Its console log and its metrics"))
    return goes


def _operation_url(instance: Instance, operation: Operation) -> str:
    return reverse("project:operation", args=[instance.project.slug, operation.pk])


def gone_context(scope: Scope) -> Context:
    """What is left to show of an instance that is no more."""
    slug = project_get(scope, project_id=scope.project_id or "").slug
    return {"back_url": reverse("project:instances", args=[slug])}


def head_html(scope: Scope, instance_id: str) -> str | None:
    """The head as it is now; for an instance that is gone, a notice that says so."""
    try:
        context = head_context(scope, instance_id)
    except NotFound:
        if scope.project_id is None:
            return None
        return render_to_string(
            "compute/instance/gone.html", {**gone_context(scope), "instance_id": _safe_id(instance_id)}
        )
    return render_to_string("compute/instance/head.html", context)


def _safe_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise NotFound(_("There is no such instance.")) from error


def overview_context(scope: Scope, instance_id: uuid.UUID | str) -> Context:
    """The facts of an instance, its ports and its disks; its user data for those who may change it."""
    instance = instance_get(scope, instance_id=instance_id)
    creator = instance.created_by
    return {
        "instance": instance,
        "facts": [
            {"label": _("Flavor"), "value": instance.flavor.name if instance.flavor else ""},
            {"label": _("vCPUs"), "value": instance.vcpus},
            {"label": _("Memory"), "value": mib(instance.memory_mib)},
            {"label": _("Disk"), "value": gib(instance.disk_gib)},
            _image_fact(instance),
            {"label": _("Key pair"), "value": instance.key_name},
            {"label": _("Created by"), "value": creator.username if creator else ""},
            *([_host_fact(instance)] if scope.is_staff else []),
            {"label": _("Domain"), "value": instance.domain_name, "mono": True, "copy": True},
        ],
        "ports": [_port(instance, port) for port in instance.port_rows],
        "volumes": [
            {"row": volume, "size": gib(volume.size_gib)} for volume in volumes_of(scope, instance_id=instance.pk)
        ],
        "user_data": instance.user_data if may_change(scope) else "",
    }


def _image_fact(instance: Instance) -> Context:
    if instance.image is None:
        return {"label": _("Image"), "value": ""}
    url = reverse("project:image", args=[instance.project.slug, instance.image_id])
    return {"label": _("Image"), "value": instance.image.name, "url": url}


def _host_fact(instance: Instance) -> Context:
    if instance.host is None:
        return {"label": _("Host"), "value": ""}
    return {"label": _("Host"), "value": instance.host.name, "url": reverse("fleet:host", args=[instance.host_id])}


def _port(instance: Instance, port: Any) -> Context:
    return {"row": port, "url": reverse("project:network", args=[instance.project.slug, port.network_id])}


def log_context(scope: Scope, instance_id: uuid.UUID | str, lines: int) -> Context:
    """The end of the serial output."""
    instance = instance_get(scope, instance_id=instance_id)
    url = instance_url(instance, "instance-log")
    return {
        "instance": instance,
        "lines": lines,
        "text": console_log(scope, instance_id=instance.pk, lines=lines),
        "choices": [{"n": n, "url": f"{url}?lines={n}", "active": n == lines} for n in LOG_LINES],
    }


def activity_context(scope: Scope, instance_id: uuid.UUID | str) -> Context:
    """What was done to an instance, with steps."""
    instance = instance_get(scope, instance_id=instance_id)
    rows = operation_list(scope).filter(target_id=instance.pk).prefetch_related("steps").order_by("-created_at")[:50]
    return {"instance": instance, "operations": [_told(instance, operation) for operation in rows]}


def _told(instance: Instance, operation: Operation) -> Context:
    return {
        "row": operation,
        "label": label_of(operation.kind),
        "pill": pill_of(operation),
        "url": _operation_url(instance, operation),
        "seconds": _seconds(operation),
        "steps": [
            {
                "label": step_label(operation.kind, step.name),
                "pill": STEP_PILLS.get(step.state, STEP_PILLS["running"]),
                "note": step.note,
            }
            for step in operation.steps.all()
        ],
    }


def _seconds(operation: Operation) -> float | None:
    if operation.started_at is None or operation.finished_at is None:
        return None
    return (operation.finished_at - operation.started_at).total_seconds()


def console_context(scope: Scope, instance_id: uuid.UUID | str) -> Context:
    """Whether there is a console now, and what to do where there is none."""
    instance = instance_get(scope, instance_id=instance_id)
    actions = detail_actions(instance, scope)
    return {
        "instance": instance,
        "open": instance.may("console"),
        "url": instance_url(instance, "instance-console"),
        "start": None if actions["next"].get("disabled") or instance.may("console") else actions["next"],
    }


# --- a project --------------------------------------------------------------------------------------------------------


def quota_bars(scope: Scope) -> list[Context]:
    """The project's quotas as `components/quota_bar.html` takes them."""
    rows = {row.resource: row for row in quota_list(scope)}
    return [
        {
            "key": resource.value,
            "label": resource.label,
            "used": rows[resource].used,
            "limit": None if rows[resource].limit == UNLIMITED else rows[resource].limit,
            "unit": UNITS.get(resource, ""),
        }
        for resource in Resource
        if resource in rows
    ]


def counts_context(scope: Scope) -> Context:
    """What runs in a project, by status, and how to begin where nothing is there yet."""
    slug = project_get(scope, project_id=scope.project_id or "").slug
    counts = status_counts(scope)
    instances = reverse("project:instances", args=[slug])
    moving = (
        InstanceStatus.BUILDING,
        InstanceStatus.STARTING,
        InstanceStatus.STOPPING,
        InstanceStatus.REBOOTING,
        InstanceStatus.DELETING,
    )
    always = (InstanceStatus.RUNNING, InstanceStatus.STOPPED, InstanceStatus.ERROR)
    shown = [status for status in InstanceStatus if status in always or counts.get(status)]
    shown = [status for status in shown if status not in moving]
    stats = [
        {
            # No error is no alarm.
            "pill": PILLS[status] if counts.get(status) else replace(PILLS[status], tone="grey"),
            "count": counts.get(status, 0),
            "url": f"{instances}?status={status.value}",
        }
        for status in shown
    ]
    busy = sum(counts.get(status, 0) for status in moving)
    if busy:
        stats.append({"pill": Pill(_("in motion"), "azure", busy=True), "count": busy, "url": instances})
    return {
        "slug": slug,
        "total": sum(counts.values()),
        "stats": stats,
        "create": {
            "label": _("Create instance"),
            "icon": "plus",
            "method": "get",
            "primary": True,
            "url": reverse("project:instance-create", args=[slug]),
        }
        if scope.may(Role.MEMBER)
        else None,
    }


def recent_context(scope: Scope) -> Context:
    """What was done last in a project."""
    slug = project_get(scope, project_id=scope.project_id or "").slug
    rows = operation_list(scope).order_by("-created_at", "-id")[:8]
    return {
        "slug": slug,
        "url": reverse("project:operations", args=[slug]),
        "entries": [
            {
                "row": row,
                "label": label_of(row.kind),
                "pill": pill_of(row),
                "url": reverse("project:operation", args=[slug, row.pk]),
            }
            for row in rows
        ],
    }

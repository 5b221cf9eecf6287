"""Hosts as pages and live regions show them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from console.core.pills import Pill
from console.core.scope import Scope
from console.fleet.models.hosts import Host
from console.fleet.states import HostStatus
from console.operations.models.operations import Operation
from console.operations.pills import pill_of
from console.operations.presenting import address, cancel_action, error_of, journal, retry_action
from console.operations.registry import handler_for
from console.operations.selectors import operation_list

GIB = 1024**3


def host_pill(host: Host) -> Pill:
    """The status with its reason in the title; first letter in capitals, as all pills."""
    pill = host.pill
    title = host.trouble if host.status == HostStatus.DOWN else ""
    if host.status == HostStatus.UNKNOWN:
        title = _("It was not heard of for a while: what is shown may be old.")
    return replace(pill, label=str(pill.label)[:1].upper() + str(pill.label)[1:], title=title)


def accelerator(host: Host) -> str:
    """How guests run there, in words."""
    return {"kvm": "KVM", "qemu": _("Emulation (TCG)")}.get(host.virt_type, host.virt_type)


def capacity_bars(host: Host) -> list[dict[str, Any]]:
    """What is promised of what can be promised; empty before the host has told its size."""
    bars: list[dict[str, Any]] = []
    if host.cpus:
        bars.append({"key": "vcpus", "label": _("vCPUs"), "used": host.used_vcpus, "limit": host.vcpu_capacity})
    if host.memory_mib:
        bars.append(
            {
                "key": "memory",
                "label": _("Memory"),
                "used": host.used_memory_mib,
                "limit": host.memory_capacity_mib,
                "unit": "mib",
            }
        )
    if host.pool_capacity:
        bars.append(
            {
                "key": "disk",
                "label": _("Disk space"),
                "used": (host.pool_capacity - host.pool_available) // GIB,
                "limit": host.pool_capacity // GIB,
                "unit": "gib",
            }
        )
    return bars


def host_actions(host: Host) -> dict[str, dict[str, Any]]:
    """Every act on a host: `enrol`, `switch`, `delete`."""
    words = {"name": host.name}
    switch: dict[str, Any] = {
        "label": _("Disable host") if host.enabled else _("Enable host"),
        "icon": "ban" if host.enabled else "circle-check",
        "url": reverse("fleet:host-enable", args=[host.pk]),
        "values": {"enabled": "" if host.enabled else "1"},
    }
    if host.enabled:
        switch["confirm"] = {
            "title": _("Disable host %(name)s") % words,
            "text": _("It keeps its instances and gets no new ones."),
            "button": _("Disable host"),
        }
    held = getattr(host, "instance_count", None)
    return {
        "enrol": {
            "label": _("Enrol again") if host.enrolled else _("Enrol"),
            "icon": "refresh",
            "url": reverse("fleet:host-enrol", args=[host.pk]),
            "primary": not host.enrolled,
        },
        "switch": switch,
        "delete": {
            "label": _("Delete host"),
            "icon": "trash",
            "url": reverse("fleet:host-delete", args=[host.pk]),
            "danger": True,
            "divider": True,
            "disabled": _("It still holds instances. Delete or move them first.") if held else "",
            "confirm": {
                "title": _("Delete host %(name)s") % words,
                "text": _(
                    "Virtdeck forgets the host. Nothing is changed on the host itself: its guests, disks and networks "
                    "stay as they are."
                ),
                "type": "name",
                "expect": host.name,
                "button": _("Delete host"),
            },
        },
    }


def host_tabs(host: Host, active: str, *, unmanaged: int) -> list[dict[str, Any]]:
    found = [
        ("host", _("Overview"), {"icon": "layout-dashboard"}, None),
        ("host-instances", _("Instances"), {"icon": "server"}, getattr(host, "instance_count", None)),
        ("host-unmanaged", _("Unmanaged domains"), {"icon": "ghost"}, unmanaged),
        ("host-settings", _("Settings"), {"icon": "settings"}, None),
    ]
    return [
        {
            "label": label,
            **face,
            "url": reverse(f"fleet:{name}", args=[host.pk]),
            "active": name == active,
            "count": count,
        }
        for name, label, face, count in found
    ]


def enrolment(scope: Scope, host: Host) -> dict[str, Any] | None:
    """The latest enrolment of a host, step by step; None before the first."""
    rows = operation_list(scope).filter(kind="host.enrol", target_id=host.pk).prefetch_related("steps")
    operation: Operation | None = rows.order_by("-created_at").first()
    if operation is None:
        return None
    acts = (retry_action(operation, scope, ""), cancel_action(operation, scope, ""))
    return {
        "operation": operation,
        "label": handler_for("host.enrol").label,
        "pill": pill_of(operation),
        "steps": journal(operation),
        "error": error_of(operation),
        "url": address(operation, ""),
        "buttons": [act for act in acts if act],
    }


def host_facts(host: Host) -> list[dict[str, Any]]:
    """What the host said of itself."""
    overcommit = _("%(cpus)d CPUs × %(times)s") % {"cpus": host.cpus, "times": f"{host.vcpu_overcommit:g}"}
    return [
        {"label": _("libvirt URI"), "value": host.uri, "mono": True, "copy": True},
        {"label": _("Accelerator"), "value": accelerator(host)},
        {
            "label": _("Processor"),
            "value": " ".join(filter(None, [host.cpu_model, f"({host.arch})" if host.arch else ""])),
        },
        {"label": _("vCPUs to give"), "value": overcommit if host.cpus else ""},
        {"label": _("Machine type"), "value": host.machine},
        {"label": "libvirt", "value": host.libvirt_version},
        {"label": "QEMU", "value": host.qemu_version},
        {"label": _("Storage pool"), "value": host.pool_name and f"{host.pool_name} ({host.pool_path})"},
        {"label": _("Network"), "value": host.network_name},
        {"label": _("Host UUID"), "value": str(host.host_uuid or ""), "mono": True, "copy": True},
    ]


def overview_context(scope: Scope, host: Host) -> dict[str, Any]:
    """What `fleet/host_overview.html` shows, on the page and over the socket."""
    return {
        "host": host,
        "pill": host_pill(host),
        "bars": capacity_bars(host),
        "facts": host_facts(host),
        "enrolment": enrolment(scope, host),
        "down": host.status == HostStatus.DOWN,
        "unknown": host.status == HostStatus.UNKNOWN,
        "enrol": host_actions(host)["enrol"],
    }

"""Tables of the fleet."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.pills import Pill
from console.core.tables import LeanTable
from console.core.templatetags.ui import action_menu, bar_tone, gib, mib, relative_time, status_pill
from console.fleet.models.hosts import Host, UnmanagedDomain
from console.fleet.presenting import accelerator, capacity_bars, host_actions, host_pill
from console.virt.port import Power

_NAME = {"td": {"class": "col-name"}}
_TIGHT = {"td": {"class": "col-tight"}}
_NUMBER = {"td": {"class": "col-num"}, "th": {"class": "col-num"}}
_UNITS = {"mib": mib, "gib": gib}

_POWER = {
    Power.RUNNING: Pill(gettext_lazy("Running"), "green"),
    Power.PAUSED: Pill(gettext_lazy("Paused"), "yellow"),
    Power.SHUTTING_DOWN: Pill(gettext_lazy("Shutting down"), "azure"),
    Power.STOPPED: Pill(gettext_lazy("Stopped"), "grey"),
    Power.CRASHED: Pill(gettext_lazy("Crashed"), "red", "alert-triangle"),
    Power.SUSPENDED: Pill(gettext_lazy("Suspended"), "yellow"),
}
_UNKNOWN = Pill(gettext_lazy("Unknown"), "unknown", "help-circle")


def power_pill(domain: UnmanagedDomain) -> Pill:
    """The power as last seen, and unknown where its host is not heard of."""
    fresh = domain.host.status in ("up", "disabled")
    return _POWER.get(Power(domain.power), _UNKNOWN) if fresh and domain.power in set(Power) else _UNKNOWN


def _sub(face: Any, sub: Any) -> Any:
    return format_html('<div>{}<span class="cell-sub">{}</span></div>', face, sub)


class HostTable(LeanTable):
    live_region = "host.row"

    name = tables.Column(verbose_name=gettext_lazy("Name"), orderable=False, attrs=_NAME)
    status = tables.Column(verbose_name=gettext_lazy("Status"), orderable=False, attrs=_TIGHT)
    accelerator = tables.Column(verbose_name=gettext_lazy("Accelerator"), orderable=False, attrs=_TIGHT)
    vcpus = tables.Column(verbose_name=gettext_lazy("vCPUs"), orderable=False, attrs=_TIGHT)
    memory = tables.Column(verbose_name=gettext_lazy("Memory"), orderable=False, attrs=_TIGHT)
    disk = tables.Column(verbose_name=gettext_lazy("Disk space"), orderable=False, attrs=_TIGHT)
    instances = tables.Column(verbose_name=gettext_lazy("Instances"), orderable=False, attrs=_NUMBER)
    seen = tables.Column(verbose_name=gettext_lazy("Last seen"), orderable=False, attrs=_TIGHT)
    actions = tables.Column(orderable=False)

    def render_name(self, record: Host) -> Any:
        url = reverse("fleet:host", args=[record.pk])
        return _sub(format_html('<a href="{}">{}</a>', url, record.name), record.uri)

    def render_status(self, record: Host) -> Any:
        return status_pill(host_pill(record))

    def render_accelerator(self, record: Host) -> Any:
        return accelerator(record)

    def _bar(self, record: Host, key: str) -> Any:
        bar = next((bar for bar in capacity_bars(record) if bar["key"] == key), None)
        if bar is None:
            return ""
        words = _UNITS.get(bar.get("unit", ""), str)
        text = _("%(used)s of %(limit)s") % {"used": words(bar["used"]), "limit": words(bar["limit"])}
        return format_html(
            '<span class="bar-cell"><span>{}</span>'
            '<progress class="progress {}" max="{}" value="{}" aria-label="{}"></progress></span>',
            text,
            bar_tone(bar["used"], bar["limit"]),
            max(1, bar["limit"]),
            bar["used"],
            bar["label"],
        )

    def render_vcpus(self, record: Host) -> Any:
        return self._bar(record, "vcpus")

    def render_memory(self, record: Host) -> Any:
        return self._bar(record, "memory")

    def render_disk(self, record: Host) -> Any:
        return self._bar(record, "disk")

    def render_instances(self, record: Any) -> Any:
        return format_html(
            '<a href="{}">{}</a>', reverse("fleet:host-instances", args=[record.pk]), record.instance_count
        )

    def render_seen(self, record: Host) -> Any:
        return relative_time(record.last_seen) if record.last_seen else _("Never")

    def render_actions(self, record: Host) -> Any:
        acts = host_actions(record)
        enrol = {**acts["enrol"], "primary": False}
        edit = {
            "label": _("Settings"),
            "icon": "settings",
            "url": reverse("fleet:host-settings", args=[record.pk]),
            "method": "get",
        }
        return action_menu(
            f"menu-{record.pk}",
            [enrol, edit, acts["switch"], acts["delete"]],
            label=_("Actions for %(name)s") % {"name": record.name},
        )


class HostInstanceTable(LeanTable):
    """The instances on one host, of every project."""

    name = tables.Column(verbose_name=gettext_lazy("Name"), orderable=False, attrs=_NAME)
    status = tables.Column(verbose_name=gettext_lazy("Status"), orderable=False, attrs=_TIGHT)
    project = tables.Column(verbose_name=gettext_lazy("Project"), orderable=False)
    vcpus = tables.Column(verbose_name=gettext_lazy("vCPUs"), orderable=False, attrs=_NUMBER)
    memory = tables.Column(verbose_name=gettext_lazy("Memory"), orderable=False, attrs=_NUMBER)
    created = tables.Column(verbose_name=gettext_lazy("Created"), orderable=False, attrs=_TIGHT)

    def render_name(self, record: Any) -> Any:
        return format_html(
            '<a href="{}">{}</a>', reverse("project:instance", args=[record.project.slug, record.pk]), record.name
        )

    def render_status(self, record: Any) -> Any:
        return status_pill(record.pill)

    def render_project(self, record: Any) -> Any:
        return record.project

    def render_vcpus(self, record: Any) -> Any:
        return record.vcpus

    def render_memory(self, record: Any) -> Any:
        return mib(record.memory_mib)

    def render_created(self, record: Any) -> Any:
        return relative_time(record.created_at)


class UnmanagedTable(LeanTable):
    live_region = "unmanaged.row"
    live_gone = "remove"  # it was adopted or went away; "deleted" would be a guess

    name = tables.Column(verbose_name=gettext_lazy("Name"), orderable=False, attrs=_NAME)
    host = tables.Column(verbose_name=gettext_lazy("Host"), orderable=False)
    power = tables.Column(verbose_name=gettext_lazy("Power"), orderable=False, attrs=_TIGHT)
    vcpus = tables.Column(verbose_name=gettext_lazy("vCPUs"), orderable=False, attrs=_NUMBER)
    memory = tables.Column(verbose_name=gettext_lazy("Memory"), orderable=False, attrs=_NUMBER)
    owner = tables.Column(verbose_name=gettext_lazy("Made by"), orderable=False)
    actions = tables.Column(orderable=False)

    def render_name(self, record: UnmanagedDomain) -> Any:
        return _sub(format_html('<span class="cell-name">{}</span>', record.name), record.uuid)

    def render_host(self, record: UnmanagedDomain) -> Any:
        return format_html('<a href="{}">{}</a>', reverse("fleet:host", args=[record.host_id]), record.host)

    def render_power(self, record: UnmanagedDomain) -> Any:
        return status_pill(power_pill(record))

    def render_vcpus(self, record: UnmanagedDomain) -> Any:
        return record.vcpus or ""

    def render_memory(self, record: UnmanagedDomain) -> Any:
        return mib(record.memory_mib) if record.memory_mib else ""

    def render_owner(self, record: UnmanagedDomain) -> Any:
        if not record.owner_installation:
            return _("Somebody outside Virtdeck")
        return _("Another Virtdeck (%(id)s)") % {"id": record.owner_installation[:8]}

    def render_actions(self, record: UnmanagedDomain) -> Any:
        url = reverse("fleet:unmanaged-adopt", args=[record.pk])
        action = {
            "label": _("Adopt"),
            "icon": "home-plus",
            "url": url,
            "disabled": _("Another installation of Virtdeck manages it.") if record.owner_installation else "",
            "confirm": {
                "title": _("Adopt domain %(name)s") % {"name": record.name},
                "src": url,
                "button": _("Adopt domain"),
            },
        }
        return action_menu(f"menu-{record.pk}", [action], label=_("Actions for %(name)s") % {"name": record.name})

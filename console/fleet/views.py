"""Hosts and what runs on them that is not ours, for staff."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.core.errors import NotFound
from console.core.pages import PageRequest, accepted, go, stay
from console.core.paging import keyset_page
from console.fleet.filters import HostFilter, UnmanagedFilter
from console.fleet.forms import HostForm, HostSettingsForm
from console.fleet.models.hosts import Host
from console.fleet.presenting import host_actions, host_pill, host_tabs, overview_context
from console.fleet.selectors import host_list, hosts_with_counts, instances_on, unmanaged_list
from console.fleet.services.hosts import host_create, host_delete, host_enrol, host_update
from console.fleet.tables import HostInstanceTable, HostTable, UnmanagedTable
from console.identity.navigation import fleet_crumbs


def _host(request: PageRequest, host_id: uuid.UUID) -> Host:
    found: Host | None = hosts_with_counts(request.caller).filter(pk=host_id).first()
    if found is None:
        raise NotFound(_("There is no such host."), code="host_not_found")
    return found


@require_safe
def hosts(request: PageRequest) -> HttpResponse:
    """All hosts with what they hold and what they could."""
    asked = HostFilter(request)
    rows = asked.with_status(list(asked.apply(hosts_with_counts(request.caller)).order_by("name")))
    add = {
        "label": _("Add host"),
        "icon": "plus",
        "url": reverse("fleet:host-create"),
        "method": "get",
        "primary": True,
    }
    context = {
        "crumbs": fleet_crumbs((_("Hosts"), "")),
        "title": _("Hosts"),
        "shown_count": len(rows),
        "actions": [add],
        "table": HostTable(rows),
        "list_id": "hosts",
        "live_model": "host",
        "filter": asked.context(),
        "empty": asked.empty(
            {
                "title": _("No host yet"),
                "text": _("A host is a machine with libvirt and QEMU. Add the first one to run instances on it."),
                "icon": "server-2",
                "action": add,
            }
        ),
    }
    return render(request, "pages/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def host_create_view(request: PageRequest) -> HttpResponse:
    """Add a host; its enrolment begins at once and is shown on its page."""
    form = HostForm(request.POST or None)
    made: list[Any] = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(host_create(request.caller, **form.cleaned_data))
    ):
        host, _operation = made[0]
        done = _("Host %(name)s is added; it is being tested now.") % {"name": host.name}
        return go(request, done, to=reverse("fleet:host", args=[host.pk]))
    context = {
        "crumbs": fleet_crumbs((_("Hosts"), reverse("fleet:hosts")), (_("Add host"), "")),
        "form": form,
        "cancel_url": reverse("fleet:hosts"),
        "examples": [
            (_("This machine"), "qemu:///system"),
            (_("Another machine, by TLS with client certificates"), "qemu+tls://host.example/system"),
            (_("Another machine, by SSH with a key"), "qemu+ssh://virtdeck@host.example/system"),
        ],
    }
    return render(request, "fleet/host_create.html", context, status=422 if form.is_bound else 200)


def _frame(request: PageRequest, host: Host, active: str) -> dict[str, Any]:
    """What the head of every tab of a host shows."""
    acts = host_actions(host)
    return {
        "crumbs": fleet_crumbs((_("Hosts"), reverse("fleet:hosts")), (host.name, "")),
        "host": host,
        "pill": host_pill(host),
        "actions": [acts["enrol"], acts["switch"]],
        "more": [{**acts["delete"], "divider": False}],
        "tabs": host_tabs(host, active, unmanaged=unmanaged_list(request.caller).filter(host=host).count()),
    }


@require_safe
def host_overview(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """The enrolment step by step, facts and capacity."""
    host = _host(request, host_id)
    context = {**_frame(request, host, "host"), **overview_context(request.caller, host)}
    return render(request, "fleet/host.html", context)


@require_safe
def host_instances(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """The instances that it holds."""
    host = _host(request, host_id)
    page = keyset_page(request, instances_on(request.caller, host), order=("name", "id"))
    context = {
        **_frame(request, host, "host-instances"),
        "table": HostInstanceTable(page.rows),
        "list_id": "host-instances",
        "caption": _("Instances"),
        "pager": page.pager,
        "empty": {
            "icon": "server",
            "title": _("No instance here"),
            "text": _("Placement chooses a host for each new instance by itself."),
        },
    }
    return render(request, "fleet/host_list.html", context)


@require_safe
def host_unmanaged(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """The domains on it that are not ours."""
    host = _host(request, host_id)
    page = keyset_page(request, unmanaged_list(request.caller).filter(host=host), order=("name", "id"))
    context = {
        **_frame(request, host, "host-unmanaged"),
        "table": UnmanagedTable(page.rows, exclude=("host",)),
        "list_id": "unmanaged",
        "caption": _("Unmanaged domains"),
        "live_model": "unmanageddomain",
        "pager": page.pager,
        "empty": {
            "icon": "ghost",
            "title": _("No unmanaged domain here"),
            "text": _("All that libvirt shows on this host was made by Virtdeck."),
        },
    }
    return render(request, "fleet/host_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def host_settings(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """Name and overcommit."""
    host = _host(request, host_id)
    names = ("name", "vcpu_overcommit", "memory_overcommit", "reserved_memory_mib")
    form = HostSettingsForm(request.POST or None, initial={name: getattr(host, name) for name in names})
    if request.method == "POST" and accepted(
        form, lambda: host_update(request.caller, host_id=host.pk, **form.cleaned_data)
    ):
        done = _("Host %(name)s is saved.") % {"name": form.cleaned_data["name"]}
        return go(request, done, to=reverse("fleet:host-settings", args=[host.pk]))
    context = {**_frame(request, host, "host-settings"), "form": form}
    return render(request, "fleet/host_settings.html", context, status=422 if form.is_bound else 200)


@require_POST
def host_enable(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """Enable or disable a host."""
    enabled = request.POST.get("enabled") == "1"
    host = host_update(request.caller, host_id=host_id, enabled=enabled)
    words = {"name": host.name}
    done = _("Host %(name)s is enabled.") % words if enabled else _("Host %(name)s is disabled.") % words
    return stay(request, done, fallback=reverse("fleet:host", args=[host.pk]))


@require_POST
def host_enrol_view(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """Test a host again."""
    operation = host_enrol(request.caller, host_id=host_id)
    done = _("Host %(name)s is being tested.") % {"name": operation.target_name}
    return go(request, done, to=reverse("fleet:host", args=[host_id]))


@require_POST
def host_delete_view(request: PageRequest, host_id: uuid.UUID) -> HttpResponse:
    """Forget a host."""
    name = _host(request, host_id).name
    host_delete(request.caller, host_id=host_id)
    return go(request, _("Host %(name)s is deleted.") % {"name": name}, to=reverse("fleet:hosts"))


@require_safe
def unmanaged(request: PageRequest) -> HttpResponse:
    """Domains on any host that are not ours."""
    asked = UnmanagedFilter(request, hosts=list(host_list(request.caller).order_by("name")))
    rows = asked.apply(unmanaged_list(request.caller))
    page = keyset_page(request, rows, order=("name", "id"))
    context = {
        "crumbs": fleet_crumbs((_("Unmanaged domains"), "")),
        "title": _("Unmanaged domains"),
        "shown_count": rows.count(),
        "intro": _("Domains that libvirt shows and that Virtdeck did not make. They are never touched unless adopted."),
        "table": UnmanagedTable(page.rows),
        "list_id": "unmanaged",
        "live_model": "unmanageddomain",
        "filter": asked.context(),
        "pager": page.pager,
        "empty": asked.empty(
            {
                "icon": "ghost",
                "title": _("No unmanaged domain"),
                "text": _("All that libvirt shows on the hosts was made by Virtdeck."),
            }
        ),
    }
    return render(request, "pages/list.html", context)

"""Live regions of the fleet."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html

from console.core.errors import Refusal
from console.core.ids import known
from console.core.regions import region
from console.core.scope import Scope
from console.core.templatetags.ui import status_pill
from console.fleet.models.hosts import Host
from console.fleet.presenting import host_pill, overview_context
from console.fleet.selectors import hosts_with_counts, unmanaged_list
from console.fleet.tables import HostTable, UnmanagedTable


def _host(scope: Scope, host_id: str) -> Host | None:
    try:
        found: Host | None = hosts_with_counts(scope).filter(pk__in=known(host_id)).first()
    except Refusal:
        return None
    return found


@region("host.row", kinds=("host",), by_id=True)
def host_row(scope: Scope, host_id: str) -> str | None:
    found = _host(scope, host_id)
    return HostTable().row_html(found) if found else None


@region("host.pill", kinds=("host",), by_id=True)
def host_pill_region(scope: Scope, host_id: str) -> str | None:
    found = _host(scope, host_id)
    return pill_html(found) if found else None


def pill_html(host: Host) -> Any:
    """The pill in the head of a host's page."""
    return format_html('<span id="host-pill" data-live="host.pill:{}">{}</span>', host.pk, status_pill(host_pill(host)))


@region("host", kinds=("host", "operation"))
def host_overview(scope: Scope, host_id: str) -> str | None:
    found = _host(scope, host_id)
    return render_to_string("fleet/host_overview.html", overview_context(scope, found)) if found else None


@region("unmanaged.row", kinds=("unmanageddomain",), by_id=True)
def unmanaged_row(scope: Scope, domain_id: str) -> str | None:
    try:
        found = unmanaged_list(scope).filter(pk__in=known(domain_id)).first()
    except Refusal:
        return None
    return UnmanagedTable().row_html(found) if found else None

"""Networks, and who hangs on them."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from console.core.pages import PageRequest
from console.core.paging import keyset_page
from console.identity.navigation import project_crumbs
from networking.selectors import network_get, network_list, port_counts, ports_on
from networking.tables import NetworkTable, PortTable


@require_safe
def network_list_page(request: PageRequest) -> HttpResponse:
    """The networks that the project may use."""
    sort = request.GET.get("sort", "")
    rows = network_list(request.caller)
    page = keyset_page(request, rows, order=NetworkTable.keys(sort))
    context = {
        "crumbs": project_crumbs(request, (_("Networks"), "")),
        "table": NetworkTable(request.project.slug, port_counts(request.caller), page.rows, sort=sort),
        "pager": page.pager,
        "count": rows.order_by().count(),
        "empty": {
            "icon": "network",
            "title": _("No network yet"),
            "text": _("The first host that is enrolled brings its network along."),
        },
    }
    return render(request, "networking/networks.html", context)


@require_safe
def detail(request: PageRequest, network_id: uuid.UUID) -> HttpResponse:
    """One network and the project's ports on it."""
    network = network_get(request.caller, network_id=network_id)
    rows = ports_on(request.caller, network_id=network.pk)
    sort = request.GET.get("sort", "")
    page = keyset_page(request, rows, order=PortTable.keys(sort))
    slug = request.project.slug
    context = {
        "crumbs": project_crumbs(
            request, (_("Networks"), reverse("project:networks", args=[slug])), (network.name, "")
        ),
        "network": network,
        "facts": [
            {"label": _("Addresses"), "value": network.cidr, "mono": True, "copy": True},
            {
                "label": _("Who may use it"),
                "value": _("All projects") if network.project_id is None else _("This project"),
            },
            {"label": _("Default"), "value": _("yes") if network.is_default else _("no")},
            {"label": _("Id"), "value": str(network.pk), "mono": True, "copy": True},
        ],
        "table": PortTable(slug, page.rows, sort=sort),
        "pager": page.pager,
        "empty": {
            "icon": "plug",
            "title": _("No ports of this project"),
            "text": _("Instances that are created on this network stand here with their addresses."),
        },
    }
    return render(request, "networking/network.html", context)

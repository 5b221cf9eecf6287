"""The tables of networks and of the ports on one."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.pills import Pill
from console.core.tables import LeanTable
from console.core.templatetags.ui import relative_time, status_pill
from networking.models.networks import Network, Port

TIGHT = {"td": {"class": "col-tight"}, "th": {"class": "col-tight"}}
NAME = {"td": {"class": "col-name"}}


def plain(label: Any, *, attrs: dict[str, Any] | None = None, sortable: bool = False) -> tables.Column:
    """A column whose cells the table's own `render_` method makes."""
    return tables.Column(verbose_name=label, attrs=attrs or {}, orderable=sortable, empty_values=())


class NetworkTable(LeanTable):
    """Networks of a project, and those that all projects share."""

    name = plain(gettext_lazy("Name"), attrs=NAME, sortable=True)
    addresses = plain(gettext_lazy("Addresses"))
    shared = plain(gettext_lazy("Who may use it"))
    default = plain(gettext_lazy("Default"), attrs=TIGHT)
    ports = plain(gettext_lazy("Ports of this project"), attrs={"td": {"class": "col-num"}, "th": {"class": "col-num"}})

    live_region = "network.row"
    orders = {"name": ("name", "id")}
    default_order = "name"

    def __init__(self, slug: str, counts: dict[Any, int], *args: Any, **kwargs: Any) -> None:
        self.slug = slug
        self.counts = counts
        super().__init__(*args, **kwargs)

    def render_name(self, record: Network) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("project:network", args=[self.slug, record.pk]), record.name)

    def render_addresses(self, record: Network) -> str:
        return record.cidr

    def render_shared(self, record: Network) -> str:
        return _("All projects") if record.project_id is None else _("This project")

    def render_default(self, record: Network) -> SafeString | str:
        return status_pill(Pill(_("default"), "azure", icon="star")) if record.is_default else ""

    def render_ports(self, record: Network) -> str:
        return str(self.counts.get(record.pk, 0))


class PortTable(LeanTable):
    """The project's ports on a network."""

    instance = plain(gettext_lazy("Instance"), attrs=NAME)
    address = plain(gettext_lazy("Address"))
    mac = plain(gettext_lazy("MAC address"))
    age = plain(gettext_lazy("Created"), attrs=TIGHT, sortable=True)

    orders = {"age": ("created_at", "id")}
    default_order = "-age"

    def __init__(self, slug: str, *args: Any, **kwargs: Any) -> None:
        self.slug = slug
        super().__init__(*args, **kwargs)

    def render_instance(self, record: Port) -> SafeString | str:
        if record.instance is None:
            return ""
        url = reverse("project:instance", args=[self.slug, record.instance_id])
        return format_html('<a href="{}">{}</a>', url, record.instance)

    def render_address(self, record: Port) -> SafeString | str:
        return format_html("<code>{}</code>", record.address) if record.address else ""

    def render_mac(self, record: Port) -> SafeString:
        return format_html("<code>{}</code>", record.mac)

    def render_age(self, record: Port) -> SafeString:
        return relative_time(record.created_at)

"""The tables of instances, key pairs and flavors."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.actions import may_change, row_menu
from compute.models.catalog import Flavor, KeyPair
from compute.models.instances import Instance
from console.core.pills import Pill
from console.core.scope import Scope
from console.core.tables import LeanTable, select_box
from console.core.templatetags.ui import action_menu, gib, mib, relative_time, status_pill

NAME = {"td": {"class": "col-name"}}
TIGHT = {"td": {"class": "col-tight"}, "th": {"class": "col-tight"}}
NUMBER = {"td": {"class": "col-num"}, "th": {"class": "col-num"}}


def plain(label: Any, *, attrs: dict[str, Any] | None = None, sortable: bool = False) -> tables.Column:
    """A column whose cells the table's own `render_` method makes."""
    return tables.Column(verbose_name=label, attrs=attrs or {}, orderable=sortable, empty_values=())


class InstanceTable(LeanTable):
    """Instances of a project; the fleet's keepers see project and host too."""

    select = plain("")
    name = plain(gettext_lazy("Name"), attrs=NAME, sortable=True)
    status = plain(gettext_lazy("Status"), attrs=TIGHT, sortable=True)
    addresses = plain(gettext_lazy("Addresses"))
    flavor = plain(gettext_lazy("Flavor"))
    image = plain(gettext_lazy("Image"))
    project = plain(gettext_lazy("Project"))
    host = plain(gettext_lazy("Host"))
    age = plain(gettext_lazy("Created"), attrs=TIGHT, sortable=True)
    actions = plain("")

    live_region = "instance.row"
    orders = {"name": ("name", "id"), "status": ("status", "created_at", "id"), "age": ("created_at", "id")}
    default_order = "-age"

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        self.may_change = may_change(scope)
        self._bases: dict[str, str] = {}
        super().__init__(*args, exclude=() if scope.sees_fleet else ("project", "host"), **kwargs)

    def _url(self, record: Instance) -> str:
        slug = record.project.slug
        if slug not in self._bases:
            self._bases[slug] = reverse("project:instances", args=[slug])
        return f"{self._bases[slug]}{record.pk}/"

    def render_select(self, record: Instance) -> SafeString:
        return select_box(record)

    def render_name(self, record: Instance) -> SafeString:
        return format_html('<a href="{}">{}</a>', self._url(record), record.name)

    def render_status(self, record: Instance) -> SafeString:
        return status_pill(record.pill)

    def render_addresses(self, record: Instance) -> SafeString:
        return format_html_join(", ", "{}", ((port.address,) for port in record.port_rows if port.address))

    def render_flavor(self, record: Instance) -> SafeString:
        size = f"{record.vcpus} vCPU · {mib(record.memory_mib)}"
        if record.flavor is None:
            return format_html("{}", size)
        return format_html('<span title="{}">{}</span>', size, record.flavor.name)

    def render_image(self, record: Instance) -> str:
        return record.image.name if record.image else ""

    def render_project(self, record: Instance) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse("project:overview", args=[record.project.slug]), record.project.name
        )

    def render_host(self, record: Instance) -> SafeString | str:
        if record.host is None:
            return ""
        return format_html('<a href="{}">{}</a>', reverse("fleet:host", args=[record.host_id]), record.host.name)

    def render_age(self, record: Instance) -> SafeString:
        return relative_time(record.created_at)

    def render_actions(self, record: Instance) -> SafeString:
        return row_menu(record, self._url(record), changes=self.may_change)


class KeyPairTable(LeanTable):
    """The viewer's own key pairs."""

    name = plain(gettext_lazy("Name"), attrs=NAME, sortable=True)
    type = plain(gettext_lazy("Type"), attrs=TIGHT)
    fingerprint = plain(gettext_lazy("Fingerprint"))
    age = plain(gettext_lazy("Added"), attrs=TIGHT, sortable=True)
    actions = plain("")

    orders = {"name": ("name", "id"), "age": ("created_at", "id")}
    default_order = "name"

    def __init__(self, slug: str, *args: Any, **kwargs: Any) -> None:
        self.slug = slug
        super().__init__(*args, **kwargs)

    def render_name(self, record: KeyPair) -> SafeString:
        return format_html('<span class="cell-name">{}</span>', record.name)

    def render_type(self, record: KeyPair) -> str:
        return record.key_type.removeprefix("ssh-").removeprefix("ecdsa-sha2-")

    def render_fingerprint(self, record: KeyPair) -> SafeString:
        return format_html("<code>{}</code>", record.fingerprint)

    def render_age(self, record: KeyPair) -> SafeString:
        return relative_time(record.created_at)

    def render_actions(self, record: KeyPair) -> SafeString:
        delete = {
            "label": _("Delete"),
            "icon": "trash",
            "danger": True,
            "url": reverse("project:key-pair-delete", args=[self.slug, record.pk]),
            "confirm": {
                "title": _("Delete key pair “%(name)s”?") % {"name": record.name},
                "text": _("It can no longer be chosen for new instances. Instances that have it keep it."),
                "button": _("Delete key pair"),
            },
        }
        return action_menu(f"key-menu-{record.pk}", [delete], label=_("Actions for %(name)s") % {"name": record.name})


class FlavorTable(LeanTable):
    """All sizes, for the fleet's keepers."""

    name = plain(gettext_lazy("Name"), attrs=NAME, sortable=True)
    vcpus = plain(gettext_lazy("vCPUs"), attrs=NUMBER, sortable=True)
    memory = plain(gettext_lazy("Memory"), attrs=NUMBER, sortable=True)
    disk = plain(gettext_lazy("Disk"), attrs=NUMBER, sortable=True)
    state = plain(gettext_lazy("State"), attrs=TIGHT)
    description = plain(gettext_lazy("Description"))
    actions = plain("")

    live_region = "flavor.row"
    orders = {
        "name": ("name", "id"),
        "vcpus": ("vcpus", "memory_mib", "id"),
        "memory": ("memory_mib", "id"),
        "disk": ("disk_gib", "id"),
    }
    default_order = "vcpus"

    def render_name(self, record: Flavor) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("fleet:flavor-edit", args=[record.pk]), record.name)

    def render_vcpus(self, record: Flavor) -> int:
        return record.vcpus

    def render_memory(self, record: Flavor) -> str:
        return mib(record.memory_mib)

    def render_disk(self, record: Flavor) -> str:
        return gib(record.disk_gib)

    def render_state(self, record: Flavor) -> SafeString:
        if record.enabled:
            return status_pill(Pill(_("Enabled"), "green", icon="circle-check"))
        return status_pill(Pill(_("Disabled"), "grey", icon="ban"))

    def render_description(self, record: Flavor) -> str:
        return record.description

    def render_actions(self, record: Flavor) -> SafeString:
        switch = {
            "label": _("Disable") if record.enabled else _("Enable"),
            "icon": "toggle-left",
            "url": reverse("fleet:flavor-switch", args=[record.pk]),
        }
        delete = {
            "label": _("Delete"),
            "icon": "trash",
            "danger": True,
            "divider": True,
            "url": reverse("fleet:flavor-delete", args=[record.pk]),
            "confirm": {
                "title": _("Delete flavor “%(name)s”?") % {"name": record.name},
                "text": _("Nobody can choose it any more. Instances that were made with it stay as they are."),
                "button": _("Delete flavor"),
            },
        }
        edit = {
            "label": _("Edit"),
            "icon": "pencil",
            "method": "get",
            "url": reverse("fleet:flavor-edit", args=[record.pk]),
        }
        label = _("Actions for %(name)s") % {"name": record.name}
        return action_menu(f"flavor-menu-{record.pk}", [edit, switch, delete], label=label)

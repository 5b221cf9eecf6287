"""The table of images."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.scope import Role, Scope
from console.core.tables import LeanTable
from console.core.templatetags.ui import EMPTY, action_menu, relative_time, size, status_pill
from storage.models.images import Image, Visibility
from storage.states import ImageStatus

TIGHT = {"td": {"class": "col-tight"}, "th": {"class": "col-tight"}}
NUMBER = {"td": {"class": "col-num"}, "th": {"class": "col-num"}}


def plain(label: Any, *, attrs: dict[str, Any] | None = None, sortable: bool = False) -> tables.Column:
    """A column whose cells the table's own `render_` method makes."""
    return tables.Column(verbose_name=label, attrs=attrs or {}, orderable=sortable, empty_values=())


def delete_action(image: Image, scope: Scope, slug: str) -> dict[str, Any]:
    """Deleting an image, or why that cannot be."""
    action: dict[str, Any] = {
        "label": _("Delete"),
        "icon": "trash",
        "danger": True,
        "url": reverse("project:image-delete", args=[slug, image.pk]),
        "confirm": {
            "title": _("Delete image “%(name)s”") % {"name": image.name},
            "text": _("Its file goes for good, here and on every host. Instances made from it prevent that."),
            "type": "name",
            "expect": image.name,
            "button": _("Delete image"),
        },
    }
    if image.project_id != scope.project_id:
        action["disabled"] = _("It belongs to another project.")
    elif not scope.may(Role.MEMBER):
        action["disabled"] = _("This needs the role “member”.")
    elif image.status == ImageStatus.DELETING:
        action["disabled"] = _("It is being deleted.")
    return action


class ImageTable(LeanTable):
    """Images of a project, and those that all projects share."""

    name = plain(gettext_lazy("Name"), attrs={"td": {"class": "col-name"}}, sortable=True)
    status = plain(gettext_lazy("Status"), attrs=TIGHT, sortable=True)
    shared = plain(gettext_lazy("Who may use it"))
    format = plain(gettext_lazy("Format"), attrs=TIGHT)
    file = plain(gettext_lazy("File"), attrs=NUMBER)
    disk = plain(gettext_lazy("Disk"), attrs=NUMBER)
    age = plain(gettext_lazy("Created"), attrs=TIGHT, sortable=True)
    actions = plain("")

    live_region = "image.row"
    orders = {"name": ("name", "id"), "status": ("status", "id"), "age": ("created_at", "id")}
    default_order = "name"

    def __init__(self, scope: Scope, slug: str, *args: Any, **kwargs: Any) -> None:
        self.scope = scope
        self.slug = slug
        super().__init__(*args, **kwargs)

    def render_name(self, record: Image) -> SafeString:
        link = format_html('<a href="{}">{}</a>', reverse("project:image", args=[self.slug, record.pk]), record.name)
        about = format_html('<span class="cell-sub">{}</span>', record.description) if record.description else ""
        return format_html("{}{}", link, about)

    def render_status(self, record: Image) -> SafeString:
        return status_pill(record.pill)

    def render_shared(self, record: Image) -> str:
        return _("All projects") if record.visibility == Visibility.PUBLIC else _("This project")

    def render_format(self, record: Image) -> str:
        return record.format

    def render_file(self, record: Image) -> str:
        return size(record.size) if record.size else EMPTY

    def render_disk(self, record: Image) -> str:
        return size(record.virtual_size) if record.virtual_size else EMPTY

    def render_age(self, record: Image) -> SafeString:
        return relative_time(record.created_at)

    def render_actions(self, record: Image) -> SafeString:
        actions = [delete_action(record, self.scope, self.slug)]
        if record.status == ImageStatus.ACTIVE and self.scope.may(Role.MEMBER):
            url = f"{reverse('project:instance-create', args=[self.slug])}?image={record.pk}"
            create = {"label": _("Create instance"), "icon": "plus", "method": "get", "url": url}
            actions = [create, {**actions[0], "divider": True}]
        return action_menu(f"image-menu-{record.pk}", actions, label=_("Actions for %(name)s") % {"name": record.name})

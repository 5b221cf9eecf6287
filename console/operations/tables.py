"""The table of operations."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.scope import Scope
from console.core.tables import LeanTable
from console.core.templatetags.ui import action_menu, duration, relative_time, status_pill
from console.operations.models.operations import Operation
from console.operations.pills import pill_of
from console.operations.presenting import address, cancel_action, retry_action, seconds_of, title_of
from console.operations.registry import step_label

_TIGHT = {"td": {"class": "col-tight"}}


class OperationTable(LeanTable):
    live_region = "operation.row"

    what = tables.Column(verbose_name=gettext_lazy("Operation"), orderable=False, attrs={"td": {"class": "col-name"}})
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False, attrs=_TIGHT)
    progress = tables.Column(verbose_name=gettext_lazy("Progress"), orderable=False)
    project = tables.Column(verbose_name=gettext_lazy("Project"), orderable=False)
    actor = tables.Column(verbose_name=gettext_lazy("Actor"), orderable=False)
    begun = tables.Column(verbose_name=gettext_lazy("Begun"), orderable=False, attrs=_TIGHT)
    took = tables.Column(verbose_name=gettext_lazy("Took"), orderable=False, attrs=_TIGHT)
    actions = tables.Column(orderable=False)

    def __init__(self, rows: Any, *, scope: Scope, slug: str) -> None:
        self.scope, self.slug = scope, slug
        super().__init__(rows, exclude=("project",) if slug else ())

    def render_what(self, record: Operation) -> Any:
        return format_html('<a href="{}">{}</a>', address(record, self.slug), title_of(record))

    def render_state(self, record: Operation) -> Any:
        return status_pill(pill_of(record))

    def render_progress(self, record: Operation) -> Any:
        if record.is_active:
            return format_html(
                '<span class="mini"><progress class="progress" max="100" value="{}" aria-label="{}"></progress>'
                "<span>{}</span></span>",
                record.percent,
                _("Progress"),
                step_label(record.kind, record.step) if record.step else _("waits for a worker"),
            )
        if record.error_message and record.error_code != "cancelled":
            return format_html('<span class="text-secondary">{}</span>', record.error_message[:160])
        return ""

    def render_project(self, record: Operation) -> Any:
        return record.project

    def render_actor(self, record: Operation) -> Any:
        return record.actor.username if record.actor else "Virtdeck"

    def render_begun(self, record: Operation) -> Any:
        return relative_time(record.created_at)

    def render_took(self, record: Operation) -> Any:
        return duration(seconds_of(record)) if record.finished_at else ""

    def render_actions(self, record: Operation) -> Any:
        acts = [
            {"label": _("Open"), "icon": "list-details", "url": address(record, self.slug), "method": "get"},
            cancel_action(record, self.scope, self.slug),
            retry_action(record, self.scope, self.slug),
        ]
        return action_menu(
            f"menu-{record.pk}", filter(None, acts), label=_("Actions for %(name)s") % {"name": title_of(record)}
        )

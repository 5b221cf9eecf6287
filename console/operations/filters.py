"""What the lists of operations can be narrowed by."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from console.identity.filters import TrailFilter
from console.operations.models.operations import ACTIVE, Operation, State
from console.operations.pills import PILLS
from console.operations.registry import all_handlers


class OperationFilter(TrailFilter):
    keys = {"state", "kind", "actor", "project", "request"}

    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by name, or state:failed actor:admin")

    def apply(self, rows: QuerySet[Operation]) -> QuerySet[Operation]:
        rows = super().apply(rows)
        if state := self.given("state"):
            rows = rows.filter(state__in=ACTIVE) if state == "active" else rows.filter(state=state)
        if kind := self.given("kind"):
            rows = rows.filter(kind=kind)
        if actor := self.given("actor"):
            rows = rows.filter(actor__username__iexact=actor)
        return rows

    def selects(self) -> list[dict[str, Any]]:
        states = [{"value": "active", "label": _("Under way")}]
        states += [{"value": state.value, "label": str(PILLS[state].label)} for state in State]
        kinds = sorted(
            ({"value": h.kind, "label": str(h.label)} for h in all_handlers()), key=lambda kind: kind["label"]
        )
        return [
            {"name": "state", "label": _("Any state"), "value": self.given("state"), "options": states},
            {"name": "kind", "label": _("Any kind"), "value": self.given("kind"), "options": kinds},
            *super().selects(),
        ]

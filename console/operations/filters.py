"""What the lists of operations can be narrowed by."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.identity.filters import Filter
from console.identity.models.projects import Project
from console.operations.models.operations import ACTIVE, Operation, State
from console.operations.pills import PILLS
from console.operations.registry import all_handlers


class OperationFilter(Filter):
    keys = {"state", "kind", "actor", "project", "request"}

    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by name, or state:failed actor:admin")

    def __init__(self, request: HttpRequest, *, projects: list[Project] | None = None) -> None:
        super().__init__(request)
        self.projects = projects

    def apply(self, rows: QuerySet[Operation]) -> QuerySet[Operation]:
        if self.words:
            rows = rows.filter(target_name__icontains=self.words)
        if state := self.given("state"):
            rows = rows.filter(state__in=ACTIVE) if state == "active" else rows.filter(state=state)
        if kind := self.given("kind"):
            rows = rows.filter(kind=kind)
        if actor := self.given("actor"):
            rows = rows.filter(actor__username__iexact=actor)
        if request_id := self.given("request"):
            rows = rows.filter(request_id=request_id)
        if self.projects is not None and (slug := self.given("project")):
            rows = rows.filter(project__slug=slug)
        return rows

    def selects(self) -> list[dict[str, Any]]:
        states = [{"value": "active", "label": _("Under way")}]
        states += [{"value": state.value, "label": str(PILLS[state].label)} for state in State]
        kinds = sorted(
            ({"value": h.kind, "label": str(h.label)} for h in all_handlers()), key=lambda kind: kind["label"]
        )
        found = [
            {"name": "state", "label": _("Any state"), "value": self.given("state"), "options": states},
            {"name": "kind", "label": _("Any kind"), "value": self.given("kind"), "options": kinds},
        ]
        if self.projects is not None:
            options = [{"value": project.slug, "label": project.name} for project in self.projects]
            found.append(
                {"name": "project", "label": _("Any project"), "value": self.given("project"), "options": options}
            )
        return found

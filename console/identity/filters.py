"""The filter box: words look for a name, `key:value` narrows a column."""

from __future__ import annotations

import shlex
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.core.paging import address
from console.identity.models.audit import AuditEvent, Outcome
from console.identity.models.projects import Project
from console.identity.models.users import User

LONGEST = 200


def parse(text: str, keys: set[str]) -> tuple[str, dict[str, str]]:
    """Split what stands in the box into free words and tokens of known keys."""
    text = text[:LONGEST].replace("\x00", "")
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = text.split()
    words, tokens = [], {}
    for part in parts:
        key, colon, value = part.partition(":")
        if colon and value and key in keys:
            tokens[key] = value
        else:
            words.append(part)
    return " ".join(words), tokens


class Filter:
    """What the address asks for, and the context of `components/filter_bar.html`."""

    keys: set[str] = set()
    placeholder = ""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.text = request.GET.get("q", "")[:LONGEST]
        self.words, self.tokens = parse(self.text, self.keys)

    def given(self, name: str) -> str:
        """A filter by its name, from its select or from a token in the box."""
        return self.request.GET.get(name, "")[:LONGEST].replace("\x00", "") or self.tokens.get(name, "")

    @property
    def active(self) -> bool:
        names = {"q", *self.keys, *(select["name"] for select in self.selects())}
        return any(self.request.GET.get(name) for name in names)

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        raise NotImplementedError

    def selects(self) -> list[dict[str, Any]]:
        return []

    def context(self) -> dict[str, Any]:
        size = self.request.GET.get("per")
        return {
            "query": self.text,
            "placeholder": self.placeholder,
            "selects": self.selects(),
            "hidden": {"per": size} if size else {},
        }

    def empty(self, first_use: dict[str, Any]) -> dict[str, Any]:
        """What to say of an empty list: nothing there yet, or nothing that fits."""
        if not self.active:
            return first_use
        return {"kind": "match", "clear_url": self.request.path}

    def address(self, **changes: Any) -> str:
        return address(self.request, **changes)


class TrailFilter(Filter):
    """What lists of acts share: the target's name, the request, and over all projects the project."""

    def __init__(self, request: HttpRequest, *, projects: list[Project] | None = None) -> None:
        super().__init__(request)
        self.projects = projects

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.words:
            rows = rows.filter(target_name__icontains=self.words)
        if request_id := self.given("request"):
            rows = rows.filter(request_id=request_id)
        if self.projects is not None and (slug := self.given("project")):
            rows = rows.filter(project__slug=slug)
        return rows

    def selects(self) -> list[dict[str, Any]]:
        if self.projects is None:
            return []
        options = [{"value": project.slug, "label": project.name} for project in self.projects]
        return [{"name": "project", "label": _("Any project"), "value": self.given("project"), "options": options}]


class AuditFilter(TrailFilter):
    keys = {"actor", "action", "outcome", "project", "request"}

    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by target, or actor:admin action:host.create")

    def apply(self, rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        rows = super().apply(rows)
        if actor := self.given("actor"):
            rows = rows.filter(actor_name__iexact=actor)
        if action := self.given("action"):
            rows = rows.filter(action__startswith=action)
        if outcome := self.given("outcome"):
            rows = rows.filter(outcome=outcome)
        return rows

    def selects(self) -> list[dict[str, Any]]:
        outcomes = [{"value": value, "label": str(label).capitalize()} for value, label in Outcome.choices]
        return [
            {"name": "outcome", "label": _("Any outcome"), "value": self.given("outcome"), "options": outcomes},
            *super().selects(),
        ]


class ProjectFilter(Filter):
    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by name or address")

    def apply(self, rows: QuerySet[Project]) -> QuerySet[Project]:
        if self.words:
            rows = rows.filter(Q(name__icontains=self.words) | Q(slug__icontains=self.words))
        if state := self.given("state"):
            rows = rows.filter(enabled=state == "enabled")
        return rows

    def selects(self) -> list[dict[str, Any]]:
        options = [{"value": "enabled", "label": _("Enabled")}, {"value": "disabled", "label": _("Disabled")}]
        return [{"name": "state", "label": _("Any state"), "value": self.given("state"), "options": options}]


class UserFilter(Filter):
    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by login name, name or e-mail")

    def apply(self, rows: QuerySet[User]) -> QuerySet[User]:
        if self.words:
            rows = rows.filter(
                Q(username__icontains=self.words) | Q(full_name__icontains=self.words) | Q(email__icontains=self.words)
            )
        match self.given("state"):
            case "staff":
                rows = rows.filter(is_staff=True)
            case "enabled":
                rows = rows.filter(is_active=True)
            case "disabled":
                rows = rows.filter(is_active=False)
        return rows

    def selects(self) -> list[dict[str, Any]]:
        options = [
            {"value": "enabled", "label": _("Enabled")},
            {"value": "disabled", "label": _("Disabled")},
            {"value": "staff", "label": _("Staff")},
        ]
        return [{"name": "state", "label": _("Any state"), "value": self.given("state"), "options": options}]

"""What the lists of the fleet can be narrowed by."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.fleet.models.hosts import Host, UnmanagedDomain
from console.fleet.states import HostStatus
from console.identity.filters import Filter


class HostFilter(Filter):
    keys = {"status"}

    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by name or URI, or status:down")

    def apply(self, rows: QuerySet[Host]) -> QuerySet[Host]:
        if self.words:
            rows = rows.filter(Q(name__icontains=self.words) | Q(uri__icontains=self.words))
        return rows

    def with_status(self, hosts: list[Host]) -> list[Host]:
        """Hosts are few, and their status is derived from the clock: it is looked at here, not in SQL."""
        status = self.given("status")
        return [host for host in hosts if host.status == status] if status else hosts

    def selects(self) -> list[dict[str, Any]]:
        options = [{"value": value, "label": str(label).capitalize()} for value, label in HostStatus.choices]
        return [{"name": "status", "label": _("Any status"), "value": self.given("status"), "options": options}]


class UnmanagedFilter(Filter):
    keys = {"host"}

    @property
    def placeholder(self) -> str:  # type: ignore[override]
        return _("Filter by name")

    def __init__(self, request: HttpRequest, *, hosts: list[Host]) -> None:
        super().__init__(request)
        self.hosts = hosts

    def apply(self, rows: QuerySet[UnmanagedDomain]) -> QuerySet[UnmanagedDomain]:
        if self.words:
            rows = rows.filter(name__icontains=self.words)
        if host := self.given("host"):
            rows = rows.filter(host__name=host)
        return rows

    def selects(self) -> list[dict[str, Any]]:
        options = [{"value": host.name, "label": host.name} for host in self.hosts]
        return [{"name": "host", "label": _("Any host"), "value": self.given("host"), "options": options}]

"""The filter box of the list of instances: free words and tokens such as `status:running`."""

from __future__ import annotations

import re

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from compute.models.instances import Instance
from compute.selectors import has_address, with_status
from compute.states import InstanceStatus
from console.core.ids import parse_uuid

_TOKEN = re.compile(r'(?:(\w+):)?("[^"]*"|\S+)')
_LOOKUPS = {
    "name": "name__icontains",
    "flavor": "flavor__name__icontains",
    "image": "image__name__icontains",
    "project": "project__name__icontains",
    "host": "host__name__icontains",
}
_STAFF_ONLY = frozenset({"host"})
_ADDRESS = frozenset({"address", "ip"})


class InstanceFilter(django_filters.FilterSet):
    """Filters by the box (`q`), by name, and by the status that is shown."""

    q = django_filters.CharFilter(method="filter_words")
    name = django_filters.CharFilter(lookup_expr="icontains")
    status = django_filters.ChoiceFilter(choices=InstanceStatus.choices, method="filter_status", label=_("Any status"))

    def __init__(self, *args: object, sees_hosts: bool = False, **kwargs: object) -> None:
        self.sees_hosts = sees_hosts
        super().__init__(*args, **kwargs)

    def filter_status(self, rows: QuerySet[Instance], _name: str, value: str) -> QuerySet[Instance]:
        return with_status(rows, value)

    def filter_words(self, rows: QuerySet[Instance], _name: str, value: str) -> QuerySet[Instance]:
        for key, word in _TOKEN.findall(value):
            rows = self._narrow(rows, key.lower(), word.strip('"'))
        return rows

    def _narrow(self, rows: QuerySet[Instance], key: str, word: str) -> QuerySet[Instance]:
        if key == "status":
            return with_status(rows, word.lower()) if word.lower() in InstanceStatus.values else rows.none()
        if key == "id":
            instance_id = parse_uuid(word)
            return rows.filter(pk=instance_id) if instance_id else rows.none()
        if key in _ADDRESS:
            return rows.filter(has_address(word))
        if key in _LOOKUPS and (key not in _STAFF_ONLY or self.sees_hosts):
            return rows.filter(**{_LOOKUPS[key]: word})
        word = f"{key}:{word}" if key else word
        found = Q(name__icontains=word) | Q(has_address(word))
        if (instance_id := parse_uuid(word)) is not None:
            found |= Q(pk=instance_id)
        return rows.filter(found)

"""Quotas as pages and live regions show them."""

from __future__ import annotations

from typing import Any

from console.core.scope import Scope
from console.identity.models.projects import UNLIMITED, Quota, Resource
from console.identity.selectors import quota_list

QUOTA_UNITS: dict[str, str] = {Resource.RAM: "mib", Resource.GIGABYTES: "gib"}


def quota_rows(scope: Scope) -> list[Quota]:
    """The quotas of the scope's project, in the order in which resources are told."""
    rank = {value: number for number, value in enumerate(Resource.values)}
    rows = quota_list(scope).filter(project=scope.project_id)
    return sorted(rows, key=lambda quota: rank.get(quota.resource, len(rank)))


def quota_bars(quotas: list[Quota]) -> list[dict[str, Any]]:
    """What `components/quota_bar.html` shows."""
    return [
        {
            "key": quota.resource,
            "label": Resource(quota.resource).label,
            "used": quota.used,
            "limit": None if quota.limit == UNLIMITED else quota.limit,
            "unit": QUOTA_UNITS.get(quota.resource, ""),
        }
        for quota in quotas
    ]

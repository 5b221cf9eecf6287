"""Reading the fleet."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, QuerySet

from console.core.policies import require_staff
from console.core.scope import Scope
from console.fleet.models.hosts import Host, UnmanagedDomain


def host_list(scope: Scope) -> QuerySet[Host]:
    require_staff(scope)
    return Host.objects.within(scope)


def host_get(scope: Scope, *, host_id: uuid.UUID | str) -> Host:
    require_staff(scope)
    host: Host = Host.objects.get_within(scope, pk=host_id)
    return host


def hosts_with_counts(scope: Scope) -> QuerySet[Host]:
    """Hosts with `instance_count`."""
    return host_list(scope).annotate(instance_count=Count("instances"))


def instances_on(scope: Scope, host: Host) -> QuerySet[Any]:
    """The instances that a host holds, of every project."""
    require_staff(scope)
    rows: QuerySet[Any] = host.instances.select_related("host", "project", "flavor").order_by("name", "id")
    return rows


def unmanaged_list(scope: Scope) -> QuerySet[UnmanagedDomain]:
    require_staff(scope)
    return UnmanagedDomain.objects.within(scope).select_related("host")


def unmanaged_get(scope: Scope, *, domain_id: uuid.UUID | str) -> UnmanagedDomain:
    require_staff(scope)
    domain: UnmanagedDomain = UnmanagedDomain.objects.get_within(scope, pk=domain_id)
    return domain

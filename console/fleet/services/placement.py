"""Where a guest goes: capacity is taken by conditional updates, so that two placements never share the last place."""

from __future__ import annotations

import uuid

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import NoCapacity
from console.fleet.models.hosts import Host
from console.fleet.states import HostStatus


def place(*, vcpus: int, memory_mib: int) -> Host:
    """Choose the host with most memory free and take the capacity there. Call it inside a transaction.

    NoCapacity, with a reason for each host, when none fits.
    """
    hosts: list[Host] = sorted(Host.unscoped.all(), key=lambda host: host.used_memory_mib - host.memory_capacity_mib)
    reasons = []
    for host in hosts:
        reason = _why_not(host, vcpus, memory_mib)
        if reason is None and _take(host, vcpus, memory_mib):
            return host
        reason = reason or _("taken by somebody else just now")
        reasons.append(f"{host.name}: {reason}")
    raise _no_room(reasons)


def place_on(host: Host, *, vcpus: int, memory_mib: int) -> None:
    """Take the capacity on this host and no other. NoCapacity, with the reason, where it does not fit."""
    reason = _why_not(host, vcpus, memory_mib)
    if reason is not None or not _take(host, vcpus, memory_mib):
        raise _no_room([f"{host.name}: {reason or _('taken by somebody else just now')}"])


def _no_room(reasons: list[str]) -> NoCapacity:
    return NoCapacity(
        _("No host can take it. %(reasons)s.") % {"reasons": "; ".join(reasons)}
        if reasons
        else _("There is no host yet."),
        hint=_("Choose a smaller flavor, or ask an administrator of the cloud for room."),
    )


def _why_not(host: Host, vcpus: int, memory_mib: int) -> str | None:
    status = host.status
    if status != HostStatus.UP:
        return _("is %(status)s") % {"status": status.label}
    free_memory = host.memory_capacity_mib - host.used_memory_mib
    if memory_mib > free_memory:
        return _("%(free)d MiB of memory free, %(asked)d needed") % {"free": max(0, free_memory), "asked": memory_mib}
    free_vcpus = host.vcpu_capacity - host.used_vcpus
    if vcpus > free_vcpus:
        return _("%(free)d vCPUs free, %(asked)d needed") % {"free": max(0, free_vcpus), "asked": vcpus}
    return None


def _take(host: Host, vcpus: int, memory_mib: int) -> bool:
    taken = Host.unscoped.filter(
        pk=host.pk,
        enabled=True,
        used_memory_mib__lte=host.memory_capacity_mib - memory_mib,
        used_vcpus__lte=host.vcpu_capacity - vcpus,
    ).update(used_vcpus=F("used_vcpus") + vcpus, used_memory_mib=F("used_memory_mib") + memory_mib)
    if taken:
        publish("host", host.pk, project_id=None)
    return bool(taken)


def take_on(host_id: uuid.UUID, *, vcpus: int, memory_mib: int) -> None:
    """Count what runs on a host already, whether it fits or not: an adopted guest is there."""
    Host.unscoped.filter(pk=host_id).update(
        used_vcpus=F("used_vcpus") + vcpus, used_memory_mib=F("used_memory_mib") + memory_mib
    )
    publish("host", host_id, project_id=None)


def give_back(host_id: uuid.UUID, *, vcpus: int, memory_mib: int) -> None:
    """Return capacity, in the transaction that ends what used it."""
    Host.unscoped.filter(pk=host_id).update(
        used_vcpus=Greatest(F("used_vcpus") - vcpus, 0),
        used_memory_mib=Greatest(F("used_memory_mib") - memory_mib, 0),
    )
    publish("host", host_id, project_id=None)

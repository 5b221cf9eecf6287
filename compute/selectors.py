"""Reading instances, flavors and key pairs."""

from __future__ import annotations

import uuid

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from compute.models.catalog import Flavor, KeyPair
from compute.models.instances import ConsoleLog, Instance
from compute.states import IN_MOTION, InstanceStatus
from console.core.errors import NotFound
from console.core.scope import Scope
from console.fleet.states import STALE_AFTER
from networking.models.networks import Port


def instance_list(scope: Scope) -> QuerySet[Instance]:
    """Instances with all that a row shows: no further query per row."""
    ports = Prefetch("ports", Port.unscoped.select_related("network").order_by("created_at"), to_attr="port_rows")
    return (
        Instance.objects.within(scope)
        .select_related("host", "flavor", "image", "project")
        .defer("user_data", "public_key")
        .prefetch_related(ports)
    )


def instance_get(scope: Scope, *, instance_id: uuid.UUID | str) -> Instance:
    """One instance, or NotFound."""
    Instance.objects.get_within(scope, pk=instance_id)
    found = instance_list(scope).filter(pk=instance_id).first()
    if found is None:  # deleted between the two looks
        raise NotFound("There is no such instance.", code="instance_not_found")
    return found


def fresh() -> Q:
    """Instances whose host's last word is fresh."""
    heard = Q(host__reachable=True, host__last_seen__gte=timezone.now() - STALE_AFTER)
    return heard | Q(host=None)


def with_status(instances: QuerySet[Instance], status: str) -> QuerySet[Instance]:
    """Those that are shown with a status: the same rule as `compute.states.shown_status`, in SQL."""
    always = [*IN_MOTION, InstanceStatus.ERROR]
    if status == InstanceStatus.UNKNOWN:
        return instances.filter(Q(status=status) | (~Q(status__in=always) & ~fresh()))
    if status in always:
        return instances.filter(status=status)
    return instances.filter(fresh(), status=status)


def has_address(text: str) -> Exists:
    """Instances with a port whose address begins so."""
    return Exists(Port.unscoped.filter(instance=OuterRef("pk"), address__startswith=text))


def status_counts(scope: Scope) -> dict[str, int]:
    """How many instances there are in each shown status."""
    rows = Instance.objects.within(scope)
    settled = ~Q(status__in=[*IN_MOTION, InstanceStatus.ERROR])
    counts = dict(rows.values_list("status").annotate(count=Count("pk")).order_by())
    stale = dict(rows.filter(settled).exclude(fresh()).values_list("status").annotate(count=Count("pk")).order_by())
    for status, count in stale.items():
        counts[status] -= count
    counts[InstanceStatus.UNKNOWN] = counts.get(InstanceStatus.UNKNOWN, 0) + sum(stale.values())
    return {status: count for status, count in counts.items() if count}


def console_log(scope: Scope, *, instance_id: uuid.UUID | str, lines: int) -> str:
    """The last lines of an instance's serial output, as last read from its host."""
    instance = Instance.objects.get_within(scope, pk=instance_id)
    text = ConsoleLog.objects.filter(instance=instance).values_list("text", flat=True).first() or ""
    return "\n".join(text.splitlines()[-lines:])


def flavor_list(scope: Scope) -> QuerySet[Flavor]:
    return Flavor.objects.within(scope)


def flavor_get(scope: Scope, *, flavor_id: uuid.UUID | str) -> Flavor:
    flavor: Flavor = Flavor.objects.get_within(scope, pk=flavor_id)
    return flavor


def key_pair_list(scope: Scope) -> QuerySet[KeyPair]:
    return KeyPair.objects.within(scope)


def key_pair_get(scope: Scope, *, key_pair_id: uuid.UUID | str) -> KeyPair:
    key_pair: KeyPair = KeyPair.objects.get_within(scope, pk=key_pair_id)
    return key_pair

"""Reading networks."""

from __future__ import annotations

import uuid

from django.db.models import Count, QuerySet

from console.core.scope import Scope
from networking.models.networks import Network, Port


def network_list(scope: Scope) -> QuerySet[Network]:
    return Network.objects.within(scope)


def network_get(scope: Scope, *, network_id: uuid.UUID | str) -> Network:
    network: Network = Network.objects.get_within(scope, pk=network_id)
    return network


def ports_of(scope: Scope, *, instance_id: uuid.UUID) -> QuerySet[Port]:
    return Port.objects.within(scope).filter(instance_id=instance_id).select_related("network")


def ports_on(scope: Scope, *, network_id: uuid.UUID) -> QuerySet[Port]:
    """The ports on a network that the viewer may know of, with their instances."""
    return Port.objects.within(scope).filter(network_id=network_id).select_related("instance", "project")


def port_counts(scope: Scope) -> dict[uuid.UUID, int]:
    """How many ports that the viewer may know of each network has."""
    return dict(Port.objects.within(scope).values_list("network_id").annotate(count=Count("pk")).order_by())

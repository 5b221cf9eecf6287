"""Reading networks."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from console.core.scope import Scope
from networking.models.networks import Network, Port


def network_list(scope: Scope) -> QuerySet[Network]:
    return Network.objects.within(scope)


def network_get(scope: Scope, *, network_id: uuid.UUID | str) -> Network:
    network: Network = Network.objects.get_within(scope, pk=network_id)
    return network


def ports_of(scope: Scope, *, instance_id: uuid.UUID) -> QuerySet[Port]:
    return Port.objects.within(scope).filter(instance_id=instance_id).select_related("network")

"""Networks and ports."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import Invalid
from console.core.ids import parse_uuid
from console.core.scope import Scope
from console.virt.port import Lease, NicSpec
from networking.models.networks import Network, Port

_OUI = "52:54:00"


def network_ensure(libvirt_name: str, *, cidr: str = "") -> Network:
    """The row of a libvirt network that every host offers; the first one is the default network."""
    network, created = Network.unscoped.get_or_create(
        libvirt_name=libvirt_name,
        defaults={
            "name": libvirt_name,
            "cidr": cidr,
            "is_default": not Network.unscoped.filter(is_default=True).exists(),
        },
    )
    if cidr and network.cidr != cidr:
        network.cidr = cidr
        network.save(update_fields=["cidr", "updated_at"])
    if created:
        publish("network", network.pk, project_id=None, created=True)
    found: Network = network
    return found


def network_for(scope: Scope, network_id: uuid.UUID | str | None) -> Network:
    """The network that was asked for, or the default one. Invalid names the field `network`."""
    rows = Network.objects.within(scope)
    network = rows.filter(pk=parse_uuid(network_id)).first() if network_id else rows.filter(is_default=True).first()
    if network is None:
        raise Invalid.field(
            "network",
            _("There is no such network.") if network_id else _("There is no network yet."),
            hint="" if network_id else _("A host must be enrolled first."),
        )
    found: Network = network
    return found


def port_create(*, project_id: uuid.UUID, network: Network, instance_id: uuid.UUID) -> Port:
    """Write a port with a fresh MAC, in the caller's transaction."""
    for _attempt in range(8):
        try:
            with transaction.atomic():
                port: Port = Port.unscoped.create(
                    project_id=project_id, network=network, instance_id=instance_id, mac=_fresh_mac()
                )
        except IntegrityError:
            continue
        return port
    raise RuntimeError("no free MAC address in eight draws")


def _fresh_mac() -> str:
    return ":".join([_OUI, *(f"{byte:02x}" for byte in secrets.token_bytes(3))])


def nic_spec(port: Port) -> NicSpec:
    """The port as a card of a domain."""
    return NicSpec(mac=port.mac, network=port.network.libvirt_name)


def leases_observed(leases: Iterable[Lease]) -> None:
    """Note the addresses that DHCP gave out. An address that is unchanged costs no write."""
    shown = {lease.mac.lower(): lease for lease in sorted(leases, key=lambda lease: lease.expires)}
    for port in Port.unscoped.filter(mac__in=list(shown)):
        address = shown[port.mac].address
        if port.address != address and ":" not in address:
            Port.unscoped.filter(pk=port.pk).update(address=address)
            publish("instance", port.instance_id, project_id=port.project_id)

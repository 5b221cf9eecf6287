"""libvirt's own networks and the leases that their DHCP gave."""

from __future__ import annotations

import libvirt

from console.virt.libvirt_driver.connection import Driver, call
from console.virt.libvirt_driver.errors import is_missing, is_out_of_turn, is_unsupported
from console.virt.port import Lease, NatNetworkSpec, NetworkFacts
from console.virt.xml import network as network_xml


class Networks(Driver):
    @call("list its networks", seconds=15)
    def network_list(self) -> tuple[NetworkFacts, ...]:
        return tuple(_facts(network) for network in self._raw.listAllNetworks())

    @call("make network {spec.name}", seconds=30)
    def network_ensure(self, spec: NatNetworkSpec) -> NetworkFacts:
        network = self._find_network(spec.name) or self._raw.networkDefineXML(network_xml.build(spec))
        return _start(network)

    @call("start network {name}", seconds=30)
    def network_start(self, name: str) -> NetworkFacts:
        return _start(self._raw.networkLookupByName(name))

    @call("remove network {name}", seconds=30)
    def network_delete(self, name: str) -> bool:
        network = self._find_network(name)
        if network is None:
            return False
        _stop(network)
        if network.isPersistent():
            network.undefine()
        return True

    @call("list the leases of network {network}", seconds=15)
    def leases(self, network: str) -> tuple[Lease, ...]:
        try:
            leases = self._raw.networkLookupByName(network).DHCPLeases()
        except libvirt.libvirtError as error:
            if is_unsupported(error):
                return ()
            raise
        return tuple(
            Lease(
                mac=lease["mac"].lower(),
                address=lease["ipaddr"],
                hostname=lease["hostname"] or "",
                expires=float(lease["expirytime"]),
            )
            for lease in leases
        )

    def _find_network(self, name: str) -> libvirt.virNetwork | None:
        try:
            return self._raw.networkLookupByName(name)
        except libvirt.libvirtError as error:
            if is_missing(error):
                return None
            raise


def _facts(network: libvirt.virNetwork) -> NetworkFacts:
    return network_xml.parse_facts(network.XMLDesc(), active=bool(network.isActive()))


def _start(network: libvirt.virNetwork) -> NetworkFacts:
    if not network.isActive():
        try:
            network.create()
        except libvirt.libvirtError as error:
            if not (is_out_of_turn(error) and network.isActive()):
                raise
    # A host that reboots brings its networks up by itself: its guests need them, whether or not we are running.
    if network.isPersistent():
        network.setAutostart(1)
    return _facts(network)


def _stop(network: libvirt.virNetwork) -> None:
    if not network.isActive():
        return
    try:
        network.destroy()
    except libvirt.libvirtError as error:
        if not (is_out_of_turn(error) or is_missing(error)):
            raise

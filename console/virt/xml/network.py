"""`<network>`: https://libvirt.org/formatnetwork.html."""

from __future__ import annotations

import ipaddress

from console.virt.port import NatNetworkSpec, NetworkFacts
from console.virt.xml.tree import Element, add, attribute_of, parse, render, root, text_of


def build(spec: NatNetworkSpec) -> str:
    network = root("network")
    add(network, "name", spec.name)
    add(network, "forward", mode="nat")
    # delay 0: a guest's first DHCP request must not fall into the bridge's learning phase.
    add(network, "bridge", name=spec.bridge, stp="on", delay="0")
    address = add(network, "ip", address=spec.address, prefix=str(spec.prefix))
    add(add(address, "dhcp"), "range", start=spec.dhcp_start, end=spec.dhcp_end)
    return render(network)


def parse_facts(text: str, *, active: bool) -> NetworkFacts:
    network = parse(text)
    return NetworkFacts(
        name=text_of(network, "name"),
        uuid=text_of(network, "uuid"),
        bridge=attribute_of(network, "bridge", "name"),
        forward=_forward_of(network),
        active=active,
        cidr=_cidr_of(network),
    )


def _forward_of(network: Element) -> str:
    forward = network.find("forward")
    # A <forward> without a mode means NAT, no <forward> at all means isolated.
    return "isolated" if forward is None else str(forward.get("mode", "nat"))


def _cidr_of(network: Element) -> str:
    for address in network.findall("ip"):
        length = address.get("prefix") or address.get("netmask") or "32"
        return str(ipaddress.ip_interface(f"{address.get('address')}/{length}").network)
    return ""

"""`<domain>` as a host shows it, read back into facts. Foreign domains come in every shape: nothing is required."""

from __future__ import annotations

from dataclasses import dataclass

from console.virt.port import DiskFacts, DomainFacts, NicFacts, Power
from console.virt.xml import metadata
from console.virt.xml.tree import Element, attribute_of, bytes_of, parse, text_of

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GraphicsFacts:
    """Where the VNC server of a running domain listens. No `port` means that it has no listening socket."""

    address: str
    port: int | None


def parse_facts(text: str, *, power: Power, reason: str, persistent: bool) -> DomainFacts:
    domain = parse(text)
    return DomainFacts(
        uuid=text_of(domain, "uuid"),
        name=text_of(domain, "name"),
        title=text_of(domain, "title"),
        power=power,
        reason=reason,
        persistent=persistent,
        vcpus=_vcpus(domain),
        memory_mib=bytes_of(domain, "memory", default_unit="KiB") // _MIB,
        owner=metadata.find_owner(domain),
        disks=tuple(_disk(element) for element in domain.findall("devices/disk")),
        nics=tuple(_nic(element) for element in domain.findall("devices/interface")),
    )


def parse_graphics(text: str) -> GraphicsFacts | None:
    """Return the first VNC screen of a running domain; None where it has none."""
    graphics = parse(text).find("devices/graphics[@type='vnc']")
    if graphics is None:
        return None
    port = int(graphics.get("port", "-1"))
    address = attribute_of(graphics, "listen", "address") or str(graphics.get("listen", ""))
    return GraphicsFacts(address=address, port=port if port > 0 else None)


def _vcpus(domain: Element) -> int:
    vcpu = domain.find("vcpu")
    if vcpu is None:
        return 1
    return int(vcpu.get("current") or vcpu.text or "1")


def _disk(disk: Element) -> DiskFacts:
    return DiskFacts(
        target=attribute_of(disk, "target", "dev"),
        source=_source(disk),
        device=str(disk.get("device", "disk")),
    )


def _source(disk: Element) -> str:
    """Return the file, device or network name behind a disk; `pool/volume` for a disk that names a volume."""
    source = disk.find("source")
    if source is None:
        return ""
    if source.get("volume"):
        return f"{source.get('pool')}/{source.get('volume')}"
    return str(source.get("file") or source.get("dev") or source.get("name") or source.get("dir") or "")


def _nic(nic: Element) -> NicFacts:
    source = nic.find("source")
    network = "" if source is None else source.get("network") or source.get("bridge") or source.get("dev") or ""
    return NicFacts(
        mac=attribute_of(nic, "mac", "address").lower(),
        network=str(network),
        target=attribute_of(nic, "target", "dev"),
    )

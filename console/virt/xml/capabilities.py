"""`<capabilities>`, `<domainCapabilities>` and `<cpu>`: what a host can do."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from console.virt.xml.tree import parse, text_of


@dataclass(frozen=True, slots=True)
class HostShape:
    """A host's own description. `cpu` is its `<cpu>` element as text, empty where libvirt could not tell."""

    uuid: str
    arch: str
    cpu_model: str
    cpu: str


def parse_host(text: str) -> HostShape:
    capabilities = parse(text)
    cpu = capabilities.find("host/cpu")
    return HostShape(
        uuid=text_of(capabilities, "host/uuid"),
        arch=text_of(capabilities, "host/cpu/arch"),
        cpu_model=text_of(capabilities, "host/cpu/model"),
        cpu="" if cpu is None else str(etree.tostring(cpu, encoding="unicode")),
    )


def cpu_features(cpu: str) -> frozenset[str]:
    """Return the features that a `<cpu>` element names, without those it takes away."""
    features = parse(cpu).findall("feature")
    return frozenset(str(feature.get("name")) for feature in features if feature.get("policy") != "disable")


def machine_type(domain_capabilities: str) -> str:
    """Return the versioned machine type that the asked-for one stands for."""
    return text_of(parse(domain_capabilities), "machine")


def offers(domain_capabilities: str, virt_type: str) -> bool:
    return text_of(parse(domain_capabilities), "domain") == virt_type

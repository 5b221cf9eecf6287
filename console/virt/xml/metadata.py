"""The owner of a domain, as an element of our own namespace in the domain's `<metadata>`."""

from __future__ import annotations

from lxml import etree

from console.virt.port import Owner
from console.virt.xml.tree import Element, checked, parse, render, root

NAMESPACE = "urn:virtdeck:domain:1"
PREFIX = "virtdeck"
_OWNER = f"{{{NAMESPACE}}}owner"


def owner_element(owner: Owner) -> Element:
    """Return the element as it stands inside a domain."""
    return etree.Element(_OWNER, _attributes(owner), nsmap={PREFIX: NAMESPACE})


def build(owner: Owner) -> str:
    """Return the element as virDomainSetMetadata takes it: bare, for libvirt adds prefix and namespace itself."""
    return render(root("owner", **_attributes(owner)))


def parse_owner(text: str) -> Owner | None:
    """Read what virDomainGetMetadata gave for our namespace; libvirt takes the namespace away again."""
    return _read(parse(text))


def find_owner(domain: Element) -> Owner | None:
    found = domain.find(f"metadata/{_OWNER}")
    return None if found is None else _read(found)


def _attributes(owner: Owner) -> dict[str, str]:
    return {
        "installation": checked(owner.installation),
        "project": checked(owner.project),
        "instance": checked(owner.instance),
        "generation": str(owner.generation),
    }


def _read(element: Element) -> Owner | None:
    """Return the owner that `element` is; None if it names nobody."""
    if not element.get("installation") or not element.get("instance"):
        return None
    generation = element.get("generation", "1")
    return Owner(
        installation=element.get("installation"),
        project=element.get("project", ""),
        instance=element.get("instance"),
        generation=int(generation) if generation.isdecimal() else 1,
    )

"""What every XML module stands on: elements with checked text, and a parser that trusts nothing."""

from __future__ import annotations

import unicodedata
from typing import Any

from lxml import etree

from console.virt.errors import Refused

Element = Any
"""An lxml element; lxml ships no types."""


def root(tag: str, **attributes: str) -> Element:
    return etree.Element(tag, {name: checked(value) for name, value in attributes.items()})


def add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    """Append `<tag attributes>text</tag>` to `parent` and return it."""
    child = etree.SubElement(parent, tag, {name: checked(value) for name, value in attributes.items()})
    if text is not None:
        child.text = checked(text)
    return child


def checked(text: str) -> str:
    """Return `text` if XML and libvirt can carry it; Refused for control characters and lone surrogates."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff":
            raise Refused(
                f"The text {text!r} contains the character U+{ord(character):04X}, which a definition cannot hold",
                hint="Remove control characters and line breaks.",
            )
    return text


def render(element: Element) -> str:
    etree.indent(element)
    return str(etree.tostring(element, encoding="unicode"))


def parse(text: str) -> Element:
    """Parse what a host sent. Entities and the network are off: a host is not trusted with our memory or files."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise Refused(f"The host sent XML that cannot be read: {error}") from error


def text_of(element: Element, path: str) -> str:
    """Return the text at `path`, or the empty string."""
    return str(element.findtext(path) or "").strip()


def attribute_of(element: Element, path: str, name: str) -> str:
    """Return an attribute of the first element at `path`, or the empty string."""
    found = element.find(path)
    return "" if found is None else str(found.get(name, ""))


_FACTORS = {
    "b": 1,
    "bytes": 1,
    **{unit: 1000**power for power, unit in enumerate(("KB", "MB", "GB", "TB"), start=1)},
    **{unit: 1024**power for power, unit in enumerate(("k", "M", "G", "T"), start=1)},
    **{unit: 1024**power for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB"), start=1)},
}


def bytes_of(element: Element, path: str, *, default_unit: str = "bytes") -> int:
    """Return a scaled integer as bytes, zero where absent (https://libvirt.org/formatdomain.html, memory units)."""
    found = element.find(path)
    if found is None or not found.text:
        return 0
    factor: int = _FACTORS[str(found.get("unit", default_unit))]
    return int(found.text) * factor

"""`<volume>`: https://libvirt.org/formatstorage.html."""

from __future__ import annotations

from dataclasses import dataclass

from console.virt.port import VolumeFormat, VolumeSpec
from console.virt.xml.tree import add, bytes_of, parse, render, root, text_of


@dataclass(frozen=True, slots=True)
class VolumeShape:
    """What libvirt knows of a volume without opening it again; sizes in bytes."""

    name: str
    path: str
    capacity: int
    allocation: int
    backing_path: str


def build(spec: VolumeSpec, *, backing_path: str = "") -> str:
    volume = root("volume", type="file")
    add(volume, "name", spec.name)
    add(volume, "capacity", str(spec.capacity), unit="bytes")
    add(volume, "allocation", "0", unit="bytes")
    target = add(volume, "target")
    add(target, "format", type=spec.format.value)
    add(add(target, "permissions"), "mode", "0600")
    if spec.format is VolumeFormat.QCOW2:
        add(target, "compat", "1.1")
    if backing_path:
        backing = add(volume, "backingStore")
        add(backing, "path", backing_path)
        # Never let QEMU guess a backing format: a raw disk could pretend to be a qcow2 that points at any file.
        add(backing, "format", type=spec.backing_format.value)
    return render(volume)


def parse_shape(text: str) -> VolumeShape:
    volume = parse(text)
    return VolumeShape(
        name=text_of(volume, "name"),
        path=text_of(volume, "target/path"),
        capacity=bytes_of(volume, "capacity"),
        allocation=bytes_of(volume, "allocation"),
        backing_path=text_of(volume, "backingStore/path"),
    )

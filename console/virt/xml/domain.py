"""`<domain>`: https://libvirt.org/formatdomain.html."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from console.virt.errors import Refused
from console.virt.port import DiskSpec, DomainSpec, GraphicsSpec, NicSpec
from console.virt.xml import metadata
from console.virt.xml.tree import Element, add, checked, render, root

SPARE_PCI_PORTS = 10
"""A q35 board has no slot to plug into while it runs, other than the root ports that it was born with."""

SERIAL_LENGTH = 20
"""What virtio-blk shows of a serial number (VIRTIO_BLK_ID_BYTES)."""

BALLOON_PERIOD_SECONDS = 10

SMALL_TCG_GUEST_MIB = 128
SMALL_TCG_CACHE_MIB = 16


def build(spec: DomainSpec, disk_paths: Sequence[str]) -> str:
    """Return the definition of `spec`; `disk_paths` are its disks' files, in the order of `spec.disks`."""
    domain = root("domain", type=spec.virt_type)
    _add_identity(domain, spec)
    _add_memory_and_cpus(domain, spec)
    _add_firmware(domain, spec)
    _add_features(domain, spec)
    _add_cpu_model(domain, spec.virt_type)
    _add_clock_and_fate(domain)
    devices = add(domain, "devices")
    _add_controllers(devices, spec)
    for disk, path in zip(spec.disks, disk_paths, strict=True):
        _add_disk(devices, disk, path)
    for nic in spec.nics:
        _add_nic(devices, nic)
    _add_serial_console(devices, spec.console_log)
    _add_screen(devices, spec.graphics)
    _add_helpers(devices)
    return render(domain)


def _add_identity(domain: Element, spec: DomainSpec) -> None:
    add(domain, "name", spec.name)
    add(domain, "uuid", _canonical_uuid(spec.uuid))
    if spec.title:
        add(domain, "title", spec.title)
    add(domain, "metadata").append(metadata.owner_element(spec.owner))


def _canonical_uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Refused(f"{checked(text)!r} is not a UUID") from None


def _add_memory_and_cpus(domain: Element, spec: DomainSpec) -> None:
    add(domain, "memory", str(spec.memory_mib), unit="MiB")
    # virtiofs shares the guest's memory with its daemon, and only a guest born with shared memory can take one later.
    backing = add(domain, "memoryBacking")
    add(backing, "source", type="memfd")
    add(backing, "access", mode="shared")
    add(domain, "vcpu", str(spec.vcpus), placement="static")


def _add_firmware(domain: Element, spec: DomainSpec) -> None:
    # cloud-init recognises the metadata service by this product name (its OpenStack data source).
    system = add(add(domain, "sysinfo", type="smbios"), "system")
    add(system, "entry", "Virtdeck", name="manufacturer")
    add(system, "entry", "OpenStack Nova", name="product")
    add(system, "entry", _canonical_uuid(spec.uuid), name="uuid")
    os = add(domain, "os")
    add(os, "type", "hvm", arch="x86_64", machine=spec.machine)
    add(os, "smbios", mode="sysinfo")


def _add_features(domain: Element, spec: DomainSpec) -> None:
    features = add(domain, "features")
    add(features, "acpi")
    add(features, "apic")
    if spec.virt_type == "qemu" and spec.memory_mib <= SMALL_TCG_GUEST_MIB:
        # QEMU's own default would let the translation cache outgrow such a guest.
        add(add(features, "tcg"), "tb-cache", str(SMALL_TCG_CACHE_MIB), unit="MiB")


def _add_cpu_model(domain: Element, virt_type: str) -> None:
    if virt_type == "kvm":
        # host-model, not host-passthrough: it is written out at start, so a guest can move to a like host.
        add(domain, "cpu", mode="host-model", check="partial")
        return
    # Under emulation libvirt compares the model with the host's CPU, which says nothing: hence no check.
    cpu = add(domain, "cpu", mode="custom", match="exact", check="none")
    add(cpu, "model", "qemu64", fallback="forbid")


def _add_clock_and_fate(domain: Element) -> None:
    add(domain, "clock", offset="utc")
    add(domain, "on_poweroff", "destroy")
    add(domain, "on_reboot", "restart")
    # A crashed guest must be seen as off, not come back behind our back.
    add(domain, "on_crash", "destroy")


def _add_controllers(devices: Element, spec: DomainSpec) -> None:
    add(devices, "controller", type="pci", model="pcie-root", index="0")
    for index in range(1, _pci_ports(spec) + 1):
        add(devices, "controller", type="pci", model="pcie-root-port", index=str(index))
    add(devices, "controller", type="usb", model="qemu-xhci", index="0")
    if any(disk.bus == "scsi" for disk in spec.disks):
        add(devices, "controller", type="scsi", model="virtio-scsi", index="0")


def _pci_ports(spec: DomainSpec) -> int:
    scsi = 1 if any(disk.bus == "scsi" for disk in spec.disks) else 0
    plain_disks = sum(disk.bus == "virtio" for disk in spec.disks)
    # Besides: USB, virtio-serial for the agent, the balloon and the random numbers.
    return scsi + plain_disks + len(spec.nics) + 4 + SPARE_PCI_PORTS


def _add_disk(devices: Element, spec: DiskSpec, path: str) -> None:
    disk = add(devices, "disk", type="file", device=spec.device)
    driver = add(disk, "driver", name="qemu", type=spec.format.value)
    if spec.device == "disk":
        driver.set("discard", "unmap")
    add(disk, "source", file=path)
    add(disk, "target", dev=spec.target, bus=spec.bus)
    if spec.serial:
        add(disk, "serial", _checked_serial(spec.serial))
    if spec.boot_order is not None:
        add(disk, "boot", order=str(spec.boot_order))
    if spec.readonly or spec.device == "cdrom":
        add(disk, "readonly")


def _checked_serial(serial: str) -> str:
    if len(serial) > SERIAL_LENGTH:
        raise Refused(
            f"The disk serial {serial!r} is longer than the {SERIAL_LENGTH} characters that a guest sees",
            hint=f"Cut it to {SERIAL_LENGTH} characters before it is told to anyone.",
        )
    return serial


def _add_nic(devices: Element, spec: NicSpec) -> None:
    nic = add(devices, "interface", type="network")
    add(nic, "mac", address=spec.mac)
    add(nic, "source", network=spec.network)
    add(nic, "model", type=spec.model)


def _add_serial_console(devices: Element, log: str) -> None:
    serial = add(devices, "serial", type="pty")
    if log:
        add(serial, "log", file=log, append="on")
    add(serial, "target", type="isa-serial", port="0")
    # The console element is the same port under its second name, so the log stands on both.
    console = add(devices, "console", type="pty")
    if log:
        add(console, "log", file=log, append="on")
    add(console, "target", type="serial", port="0")


def _add_screen(devices: Element, spec: GraphicsSpec) -> None:
    if spec.listen:
        graphics = add(devices, "graphics", type="vnc", autoport="yes", sharePolicy="force-shared")
        if spec.password:
            graphics.set("passwd", checked(spec.password))
        add(graphics, "listen", type="address", address=spec.listen)
    else:
        add(add(devices, "graphics", type="vnc", sharePolicy="force-shared"), "listen", type="none")
    # A tablet gives absolute positions: without it a browser's pointer and the guest's drift apart.
    add(devices, "input", type="tablet", bus="usb")
    add(add(devices, "video"), "model", type="vga", vram="16384", heads="1", primary="yes")


def _add_helpers(devices: Element) -> None:
    agent = add(devices, "channel", type="unix")
    add(agent, "target", type="virtio", name="org.qemu.guest_agent.0")
    add(add(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")
    balloon = add(devices, "memballoon", model="virtio")
    add(balloon, "stats", period=str(BALLOON_PERIOD_SECONDS))

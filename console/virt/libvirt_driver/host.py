"""What a host is and can do."""

from __future__ import annotations

import functools
from contextlib import suppress

import libvirt

from console.virt.libvirt_driver.connection import Driver, call
from console.virt.port import EventSink, HostFacts
from console.virt.xml import capabilities

MACHINE_FAMILY = "q35"


class Host(Driver):
    @call("answer", seconds=5)
    def ping(self) -> None:
        self._raw.getLibVersion()

    @call("tell what it is", seconds=15)
    def facts(self) -> HostFacts:
        raw = self._raw
        shape = capabilities.parse_host(raw.getCapabilities())
        machine_kind, memory_mib, cpus, *_rest = raw.getInfo()
        arch = shape.arch or machine_kind
        virt_type = self._virt_type(arch, shape.cpu)
        return HostFacts(
            hostname=raw.getHostname(),
            uuid=shape.uuid,
            arch=arch,
            cpus=cpus,
            memory_mib=memory_mib,
            cpu_model=shape.cpu_model or machine_kind,
            virt_type=virt_type,
            machine=capabilities.machine_type(self._domain_capabilities(arch, virt_type) or "<none/>")
            or MACHINE_FAMILY,
            libvirt_version=_version(raw.getLibVersion()),
            qemu_version=_version(raw.getVersion()),
        )

    @call("be watched", seconds=10)
    def watch(self, sink: EventSink) -> None:
        self._connection.watch(sink)

    def _virt_type(self, arch: str, cpu: str) -> str:
        """Tell kvm only where libvirt offers it AND the CPU can: a /dev/kvm that opens may still hang every guest."""
        offered = capabilities.offers(self._domain_capabilities(arch, "kvm") or "<none/>", "kvm")
        return "kvm" if offered and self._cpu_features(cpu) & {"vmx", "svm"} else "qemu"

    def _domain_capabilities(self, arch: str, virt_type: str) -> str:
        with suppress(libvirt.libvirtError):
            return str(self._raw.getDomainCapabilities(None, arch, MACHINE_FAMILY, virt_type))
        return ""

    def _cpu_features(self, cpu: str) -> frozenset[str]:
        """Name all features of the host's CPU, those that its model implies included (svm is in every AMD model)."""
        if not cpu:
            return frozenset()
        expand = functools.partial(self._raw.baselineCPU, [cpu], libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES)
        with suppress(libvirt.libvirtError):
            return capabilities.cpu_features(expand())
        return capabilities.cpu_features(cpu)


def _version(number: int) -> str:
    """Spell libvirt's version number: 9000000 is 9.0.0."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"

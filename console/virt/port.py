"""The hypervisor port: all that the rest of Virtdeck may ask of a host.

The contract is small and coarse: a caller states what must be so (`domain_ensure`, `volume_ensure`) and the driver
makes it so, whatever was there before. Every call is safe to repeat, blocks until done or until its deadline, and
raises only the errors of `console.virt.errors`.

Units: memory in MiB, disk sizes in bytes, times in nanoseconds where libvirt counts so and in seconds elsewhere.
"""

from __future__ import annotations

import enum
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol


class Power(enum.StrEnum):
    """What libvirt says a domain is doing (virDomainState)."""

    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting_down"
    STOPPED = "stopped"
    CRASHED = "crashed"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


class VolumeFormat(enum.StrEnum):
    QCOW2 = "qcow2"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose domain this is, written into the domain's metadata. No match, no destroy."""

    installation: str
    project: str
    instance: str
    generation: int = 1


# --- what callers ask for ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A directory pool. `path` is absolute on the host."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class NatNetworkSpec:
    """A libvirt NAT network with DHCP. `address` is the gateway's, `prefix` its length."""

    name: str
    bridge: str
    address: str
    prefix: int
    dhcp_start: str
    dhcp_end: str


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A volume in a pool. With `backing` it is a copy-on-write overlay of that volume of the same pool."""

    pool: str
    name: str
    capacity: int
    format: VolumeFormat = VolumeFormat.QCOW2
    backing: str | None = None
    backing_format: VolumeFormat = VolumeFormat.QCOW2


@dataclass(frozen=True, slots=True)
class DiskSpec:
    """A disk or CD-ROM of a domain. `serial` (at most 20 characters) is what the guest sees in /dev/disk/by-id."""

    pool: str
    volume: str
    target: str
    bus: str = "virtio"
    device: str = "disk"
    format: VolumeFormat = VolumeFormat.QCOW2
    serial: str = ""
    boot_order: int | None = None
    readonly: bool = False


@dataclass(frozen=True, slots=True)
class NicSpec:
    mac: str
    network: str
    model: str = "virtio"


@dataclass(frozen=True, slots=True)
class GraphicsSpec:
    """VNC. `listen` empty means no listening socket at all: the console is handed over by `graphics_socket`."""

    listen: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DomainSpec:
    """A guest, whole. `uuid` is the instance's id. `title` is the name that people gave it (any printable text)."""

    uuid: str
    name: str
    title: str
    owner: Owner
    vcpus: int
    memory_mib: int
    virt_type: str
    machine: str = "q35"
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    graphics: GraphicsSpec = GraphicsSpec()
    console_log: str = ""
    """Absolute path on the host of the file that keeps the serial console's output; empty keeps none."""


# --- what a host reports ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostFacts:
    hostname: str
    uuid: str
    arch: str
    cpus: int
    memory_mib: int
    cpu_model: str
    virt_type: str
    """`kvm` only where /dev/kvm is there for libvirt AND the CPU has vmx or svm; else `qemu` (TCG)."""
    machine: str
    """The newest versioned q35 machine type, which a guest keeps across upgrades, e.g. `pc-q35-7.2`."""
    libvirt_version: str
    qemu_version: str


@dataclass(frozen=True, slots=True)
class PoolFacts:
    name: str
    path: str
    capacity: int
    allocation: int
    available: int


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    name: str
    uuid: str
    bridge: str
    forward: str
    active: bool
    cidr: str = ""


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    pool: str
    name: str
    path: str
    capacity: int
    allocation: int


@dataclass(frozen=True, slots=True)
class Lease:
    mac: str
    address: str
    hostname: str
    expires: float


@dataclass(frozen=True, slots=True)
class DiskFacts:
    target: str
    source: str
    device: str


@dataclass(frozen=True, slots=True)
class NicFacts:
    mac: str
    network: str
    target: str


@dataclass(frozen=True, slots=True)
class DomainFacts:
    uuid: str
    name: str
    title: str
    power: Power
    reason: str
    """libvirt's reason in words, e.g. `shutdown`, `crashed`, `destroyed`; empty where unknown."""
    persistent: bool
    vcpus: int
    memory_mib: int
    owner: Owner | None
    disks: tuple[DiskFacts, ...] = ()
    nics: tuple[NicFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class DomainSample:
    """Counters of one domain at one moment; rates are the reader's to derive. All zero for a domain that is off."""

    uuid: str
    power: Power
    cpu_time_ns: int
    vcpus: int
    memory_mib: int
    memory_rss_mib: int
    disk_read_bytes: int
    disk_write_bytes: int
    net_rx_bytes: int
    net_tx_bytes: int


class EventKind(enum.StrEnum):
    DOMAIN = "domain"
    """A domain's life cycle or definition changed; `uuid` says which."""
    CLOSED = "closed"
    """The connection is gone. The watcher must connect again and compare everything."""


@dataclass(frozen=True, slots=True)
class Event:
    kind: EventKind
    uuid: str = ""
    detail: str = ""


EventSink = Callable[[Event], None]
Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""


class ConsoleStream(Protocol):
    """A serial console. `recv` blocks for output and answers b"" at the end; `send` blocks until taken."""

    def recv(self) -> bytes: ...
    def send(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class Hypervisor(Protocol):
    """One host. An instance belongs to one process, may be used from several threads, and is cheap to keep."""

    def close(self) -> None: ...

    def ping(self) -> None:
        """Return if the host answers; raise HostUnavailable if not."""

    def facts(self) -> HostFacts: ...

    # storage
    def pool_ensure(self, spec: PoolSpec) -> PoolFacts: ...
    def pool_get(self, name: str) -> PoolFacts | None: ...
    def pool_delete(self, name: str) -> bool:
        """Remove an empty pool and its folder; False where there was none. Refused while files are in it."""

    def volume_get(self, pool: str, name: str) -> VolumeFacts | None: ...
    def volume_list(self, pool: str) -> tuple[VolumeFacts, ...]: ...
    def volume_ensure(self, spec: VolumeSpec) -> VolumeFacts:
        """Make the volume unless it is there. Refused if it is there with another backing file."""

    def volume_upload(
        self, spec: VolumeSpec, source: BinaryIO, size: int, *, progress: Progress | None = None
    ) -> VolumeFacts:
        """Make the volume from `size` bytes of `source`, whole or not at all.

        An unfinished earlier upload under the same name is done again; a finished one is kept as it is. A reader never
        sees a half-written volume under `spec.name`.
        """

    def volume_read(self, pool: str, name: str, offset: int, limit: int) -> bytes:
        """Read at most `limit` bytes of a file in the pool; Missing where there is none. Used for console logs."""

    def volume_delete(self, pool: str, name: str) -> bool:
        """Remove the volume; False where there was none."""

    # networks
    def network_list(self) -> tuple[NetworkFacts, ...]: ...
    def network_ensure(self, spec: NatNetworkSpec) -> NetworkFacts:
        """Define the network unless one of that name is there, and start it."""

    def network_start(self, name: str) -> NetworkFacts: ...
    def network_delete(self, name: str) -> bool: ...
    def leases(self, network: str) -> tuple[Lease, ...]: ...

    # domains
    def domain_list(self) -> tuple[DomainFacts, ...]: ...
    def domain_get(self, uuid: str) -> DomainFacts | None: ...
    def domain_xml(self, uuid: str) -> str:
        """The definition as libvirt shows it, without secrets."""

    def domain_ensure(self, spec: DomainSpec) -> DomainFacts:
        """Define the domain. Refused if a domain of that uuid carries another owner."""

    def domain_start(self, uuid: str, owner: Owner) -> DomainFacts:
        """Make it run; a running domain is left alone."""

    def domain_shutdown(self, uuid: str, owner: Owner) -> DomainFacts:
        """Press the ACPI power button once and return at once."""

    def domain_destroy(self, uuid: str, owner: Owner) -> DomainFacts:
        """Pull the plug; a domain that is off is left alone."""

    def domain_reboot(self, uuid: str, owner: Owner, *, hard: bool) -> DomainFacts: ...

    def domain_undefine(self, uuid: str, owner: Owner) -> bool:
        """Remove the definition of a domain that is off; False where there was none."""

    def domain_adopt(self, uuid: str, owner: Owner) -> DomainFacts:
        """Write our ownership into a domain that has none. Refused if another installation owns it."""

    def domain_disown(self, uuid: str, owner: Owner) -> DomainFacts:
        """Take our ownership out of a domain's metadata, and nothing else."""

    # watching
    def watch(self, sink: EventSink) -> None:
        """Send events to `sink` until the connection closes.

        The sink is called on the event thread: it must only enqueue. One that watches already is not told twice.
        """

    def samples(self) -> tuple[DomainSample, ...]:
        """All domains in one call (virConnectGetAllDomainStats)."""

    # consoles
    def console_open(self, uuid: str) -> ConsoleStream:
        """Take over the first serial port."""

    def graphics_socket(self, uuid: str) -> socket.socket:
        """A connected, blocking socket that speaks VNC (RFB)."""


class Connect(Protocol):
    """How a Hypervisor is got: `connect(uri, timeout=5.0)`. Raises HostUnavailable within `timeout` seconds."""

    def __call__(self, uri: str, *, timeout: float = 5.0) -> Hypervisor: ...

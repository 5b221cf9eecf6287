"""The port in memory: a host for tests of everything above it, with failures on demand.

    host = fake.host("fake://one")          # what the tests hold
    hv = hypervisor("fake://one")           # what the code under test gets: the same object
    host.fail_next("volume_ensure", HostUnavailable("gone"))

It keeps the port's promises, ownership and wording of kinds included, but checks nothing that only QEMU could.
"""

from __future__ import annotations

import functools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Concatenate, ParamSpec, TypeVar

from console.virt.errors import HostUnavailable, Missing, Refused, VirtError
from console.virt.fake_consoles import EchoStream, greeting_screen
from console.virt.fake_facts import facts_of, stable_uuid
from console.virt.port import (
    ConsoleStream,
    DomainFacts,
    DomainSample,
    DomainSpec,
    Event,
    EventKind,
    EventSink,
    HostFacts,
    Lease,
    NatNetworkSpec,
    NetworkFacts,
    Owner,
    PoolFacts,
    PoolSpec,
    Power,
    Progress,
    VolumeFacts,
    VolumeSpec,
)
from console.virt.xml import domain as domain_xml

SCHEME = "fake://"
CHUNK = 1024 * 1024

T = TypeVar("T")
P = ParamSpec("P")


@dataclass
class _Volume:
    facts: VolumeFacts
    backing: str | None = None
    content: bytes = b""


@dataclass
class _State:
    pools: dict[str, PoolFacts] = field(default_factory=dict)
    volumes: dict[tuple[str, str], _Volume] = field(default_factory=dict)
    networks: dict[str, NetworkFacts] = field(default_factory=dict)
    leases: dict[str, list[Lease]] = field(default_factory=dict)
    domains: dict[str, DomainFacts] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)


def _port(
    method: Callable[Concatenate[FakeHypervisor, P], T],
) -> Callable[Concatenate[FakeHypervisor, P], T]:
    """Make a method one call of the port: counted, failing on demand, one at a time."""

    @functools.wraps(method)
    def counted(host: FakeHypervisor, /, *arguments: P.args, **named: P.kwargs) -> T:
        host._enter(method.__name__)
        with host._lock:
            return method(host, *arguments, **named)

    return counted


class FakeHypervisor:
    """One host in memory, with everything that the port offers and the levers that tests pull."""

    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.calls: Counter[str] = Counter()
        """How often each call of the port was made, failed ones included."""
        self.serial_output = b""
        """What every guest prints when it starts."""
        self.memory_mib = 65536
        self.cpus = 32
        self._lock = threading.RLock()
        self._state = _State()
        self._failures: dict[str, list[VirtError]] = {}
        self._down: HostUnavailable | None = None
        self._hanging: dict[str, threading.Event] = {}
        self._sinks: list[EventSink] = []

    # --- levers -------------------------------------------------------------------------------------------------------

    def fail_next(self, call: str, error: VirtError, *, times: int = 1) -> None:
        """Let the next `times` calls of that name raise `error`, before they change anything."""
        self._failures.setdefault(call, []).extend([error] * times)

    def hang(self, call: str) -> threading.Event:
        """Let calls of that name block until the returned event is set."""
        self._hanging[call] = threading.Event()
        return self._hanging[call]

    def go_down(self, message: str = "") -> None:
        """Let every call fail and close all watches, as a power failure would; what the host keeps stays."""
        self._down = HostUnavailable(message or f"host {self.name} does not answer")
        self.cut()

    def come_back(self, *, guests_survived: bool = False) -> None:
        self._down = None
        if not guests_survived:
            for uuid, domain in self._state.domains.items():
                self._state.domains[uuid] = replace(domain, power=Power.STOPPED, reason="crashed")

    def cut(self) -> None:
        """Close the connection under the watchers."""
        sinks, self._sinks = self._sinks, []
        for sink in sinks:
            sink(Event(EventKind.CLOSED, detail="cut"))

    def guest_powers_off(self, uuid: str) -> None:
        """What a guest does by itself: shut down from within."""
        self._set_power(uuid, Power.STOPPED, "shutdown", "stopped")

    def guest_crashes(self, uuid: str) -> None:
        self._set_power(uuid, Power.STOPPED, "crashed", "stopped")

    def add_foreign_domain(self, facts: DomainFacts) -> None:
        """Put a domain there that somebody else made."""
        self._state.domains[facts.uuid] = facts
        self._emit(facts.uuid, "defined")

    def add_lease(self, network: str, mac: str, address: str, hostname: str = "") -> None:
        self._state.leases.setdefault(network, []).append(Lease(mac, address, hostname, time.time() + 3600))

    def write_file(self, pool: str, name: str, content: bytes) -> None:
        """Put a file into a pool: a guest's console log."""
        facts = VolumeFacts(pool, name, f"{self._pool(pool).path}/{name}", len(content), len(content))
        self._state.volumes[pool, name] = _Volume(facts, content=content)

    def _enter(self, call: str) -> None:
        self.calls[call] += 1
        if call in self._hanging:
            self._hanging[call].wait()
        if self._down is not None:
            raise HostUnavailable(self._down.message)
        waiting = self._failures.get(call)
        if waiting:
            raise waiting.pop(0)

    # --- the port -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        self.cut()

    @_port
    def ping(self) -> None:
        return None

    @_port
    def facts(self) -> HostFacts:
        return HostFacts(
            hostname=self.name,
            uuid=stable_uuid(self.name),
            arch="x86_64",
            cpus=self.cpus,
            memory_mib=self.memory_mib,
            cpu_model="EPYC",
            virt_type="kvm",
            machine="pc-q35-7.2",
            libvirt_version="9.0.0",
            qemu_version="7.2.0",
        )

    @_port
    def pool_ensure(self, spec: PoolSpec) -> PoolFacts:
        present = self._state.pools.get(spec.name)
        if present is not None and present.path != spec.path:
            raise Refused(
                f"{self.name} has a storage pool {spec.name} already, at {present.path} and not at {spec.path}"
            )
        return self._state.pools.setdefault(spec.name, PoolFacts(spec.name, spec.path, 10**12, 0, 10**12))

    @_port
    def pool_get(self, name: str) -> PoolFacts | None:
        return self._state.pools.get(name)

    @_port
    def pool_delete(self, name: str) -> bool:
        if any(pool == name for pool, _volume in self._state.volumes):
            raise Refused(f"Pool {name} on {self.name} still holds files")
        return self._state.pools.pop(name, None) is not None

    @_port
    def volume_get(self, pool: str, name: str) -> VolumeFacts | None:
        self._pool(pool)
        volume = self._state.volumes.get((pool, name))
        return None if volume is None else volume.facts

    @_port
    def volume_list(self, pool: str) -> tuple[VolumeFacts, ...]:
        self._pool(pool)
        return tuple(volume.facts for (where, _), volume in self._state.volumes.items() if where == pool)

    @_port
    def volume_ensure(self, spec: VolumeSpec) -> VolumeFacts:
        pool = self._pool(spec.pool)
        if spec.backing is not None and (spec.pool, spec.backing) not in self._state.volumes:
            raise Missing(f"Pool {spec.pool} on {self.name} has no finished volume {spec.backing}")
        present = self._state.volumes.get((spec.pool, spec.name))
        if present is None:
            facts = VolumeFacts(spec.pool, spec.name, f"{pool.path}/{spec.name}", spec.capacity, 200_704)
            present = self._state.volumes[spec.pool, spec.name] = _Volume(facts, spec.backing)
        if present.backing != spec.backing:
            raise Refused(f"Volume {spec.name} is there already, based on {present.backing} and not on {spec.backing}")
        return present.facts

    @_port
    def volume_upload(
        self, spec: VolumeSpec, source: BinaryIO, size: int, *, progress: Progress | None = None
    ) -> VolumeFacts:
        pool = self._pool(spec.pool)
        present = self._state.volumes.get((spec.pool, spec.name))
        if present is not None:
            return present.facts
        content = bytearray()
        while len(content) < size:
            chunk = source.read(min(CHUNK, size - len(content)))
            if not chunk:
                raise Refused(f"The image ended after {len(content)} of {size} bytes")
            content += chunk
            if progress is not None:
                progress(len(content), size)
        facts = VolumeFacts(spec.pool, spec.name, f"{pool.path}/{spec.name}", max(spec.capacity, size), size)
        self._state.volumes[spec.pool, spec.name] = _Volume(facts, content=bytes(content))
        return facts

    @_port
    def volume_read(self, pool: str, name: str, offset: int, limit: int) -> bytes:
        self._pool(pool)
        volume = self._state.volumes.get((pool, name))
        if volume is None:
            raise Missing(f"Pool {pool} on {self.name} has no file {name}")
        return volume.content[offset : offset + max(0, limit)]

    @_port
    def volume_delete(self, pool: str, name: str) -> bool:
        self._pool(pool)
        return self._state.volumes.pop((pool, name), None) is not None

    @_port
    def network_list(self) -> tuple[NetworkFacts, ...]:
        return tuple(self._state.networks.values())

    @_port
    def network_ensure(self, spec: NatNetworkSpec) -> NetworkFacts:
        made = NetworkFacts(
            spec.name, stable_uuid(spec.name), spec.bridge, "nat", active=True, cidr=f"{spec.address}/{spec.prefix}"
        )
        present = self._state.networks.get(spec.name, made)
        self._state.networks[spec.name] = replace(present, active=True)
        return self._state.networks[spec.name]

    @_port
    def network_start(self, name: str) -> NetworkFacts:
        if name not in self._state.networks:
            raise Missing(f"{self.name} has no network {name}")
        self._state.networks[name] = replace(self._state.networks[name], active=True)
        return self._state.networks[name]

    @_port
    def network_delete(self, name: str) -> bool:
        return self._state.networks.pop(name, None) is not None

    @_port
    def leases(self, network: str) -> tuple[Lease, ...]:
        if network not in self._state.networks:
            raise Missing(f"{self.name} has no network {network}")
        return tuple(self._state.leases.get(network, ()))

    @_port
    def domain_list(self) -> tuple[DomainFacts, ...]:
        return tuple(self._state.domains.values())

    @_port
    def domain_get(self, uuid: str) -> DomainFacts | None:
        return self._state.domains.get(uuid)

    @_port
    def domain_xml(self, uuid: str) -> str:
        return self._state.definitions.get(uuid) or f"<domain><name>{self._domain(uuid).name}</name></domain>"

    @_port
    def domain_ensure(self, spec: DomainSpec) -> DomainFacts:
        present = self._state.domains.get(spec.uuid)
        if present is not None:
            self._check_owner(present, spec.owner)
        if any(other.name == spec.name and other.uuid != spec.uuid for other in self._state.domains.values()):
            raise Refused(f"{self.name} has another domain {spec.name}")
        paths = [self._disk_path(disk.pool, disk.volume) for disk in spec.disks]
        self._state.definitions[spec.uuid] = domain_xml.build(spec, paths)
        facts = facts_of(spec, paths)
        if present is not None:
            facts = replace(facts, power=present.power, reason=present.reason)
        self._state.domains[spec.uuid] = facts
        if spec.console_log:
            self._prepare_log(spec.console_log)
        self._emit(spec.uuid, "defined")
        return facts

    @_port
    def domain_start(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._own(uuid, owner)
        if domain.power is Power.RUNNING:
            return domain
        for nic in domain.nics:
            network = self._state.networks.get(nic.network)
            if network is None or not network.active:
                raise Refused(f"{self.name} could not start domain {domain.name}: network {nic.network} is not active")
        self._print(uuid)
        return self._set_power(uuid, Power.RUNNING, "booted", "started")

    @_port
    def domain_shutdown(self, uuid: str, owner: Owner) -> DomainFacts:
        """The button is pressed; nothing happens until the test lets the guest power off."""
        return self._own(uuid, owner)

    @_port
    def domain_destroy(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._own(uuid, owner)
        if domain.power in {Power.STOPPED, Power.CRASHED}:
            return domain
        return self._set_power(uuid, Power.STOPPED, "destroyed", "stopped")

    @_port
    def domain_reboot(self, uuid: str, owner: Owner, *, hard: bool) -> DomainFacts:
        domain = self._own(uuid, owner)
        if not hard and domain.power is not Power.RUNNING:
            raise Refused(f"Domain {domain.name} is off and cannot be rebooted", hint="Start it.")
        if hard and domain.power is Power.RUNNING:
            self._set_power(uuid, Power.STOPPED, "destroyed", "stopped")
        return self._set_power(uuid, Power.RUNNING, "booted", "started" if hard else "rebooted")

    @_port
    def domain_undefine(self, uuid: str, owner: Owner) -> bool:
        domain = self._state.domains.get(uuid)
        if domain is None:
            return False
        self._check_owner(domain, owner)
        if domain.power not in {Power.STOPPED, Power.CRASHED}:
            raise Refused(f"Domain {domain.name} is running and cannot be removed", hint="Stop it first.")
        del self._state.domains[uuid]
        self._state.definitions.pop(uuid, None)
        self._emit(uuid, "undefined")
        return True

    @_port
    def domain_adopt(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._domain(uuid)
        if domain.owner is not None and domain.owner.installation != owner.installation:
            raise Refused(f"Domain {domain.name} belongs to installation {domain.owner.installation}")
        return self._set_owner(domain, owner)

    @_port
    def domain_disown(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._domain(uuid)
        if domain.owner is None:
            return domain
        self._check_owner(domain, owner)
        return self._set_owner(domain, None)

    @_port
    def watch(self, sink: EventSink) -> None:
        if sink not in self._sinks:
            self._sinks.append(sink)

    @_port
    def samples(self) -> tuple[DomainSample, ...]:
        return tuple(self._sample(domain) for domain in self._state.domains.values())

    @_port
    def console_open(self, uuid: str) -> ConsoleStream:
        self._check_running(uuid)
        return EchoStream()

    @_port
    def graphics_socket(self, uuid: str) -> socket.socket:
        self._check_running(uuid)
        return greeting_screen()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _pool(self, name: str) -> PoolFacts:
        if name not in self._state.pools:
            raise Missing(f"{self.name} has no storage pool {name}")
        return self._state.pools[name]

    def _disk_path(self, pool: str, volume: str) -> str:
        if (pool, volume) not in self._state.volumes:
            raise Missing(f"Pool {pool} on {self.name} has no finished volume {volume}")
        return self._state.volumes[pool, volume].facts.path

    def _print(self, uuid: str) -> None:
        """Append what guests print to the file that the definition names."""
        for (pool, name), volume in list(self._state.volumes.items()):
            if self.serial_output and f'file="{volume.facts.path}" append' in self._state.definitions.get(uuid, ""):
                self.write_file(pool, name, volume.content + self.serial_output)

    def _prepare_log(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        for pool in self._state.pools.values():
            if pool.path == folder and (pool.name, name) not in self._state.volumes:
                self.write_file(pool.name, name, b"")

    def _domain(self, uuid: str) -> DomainFacts:
        if uuid not in self._state.domains:
            raise Missing(f"{self.name} has no domain {uuid}")
        return self._state.domains[uuid]

    def _own(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._domain(uuid)
        self._check_owner(domain, owner)
        return domain

    def _check_owner(self, domain: DomainFacts, owner: Owner) -> None:
        present = domain.owner
        if present is None:
            raise Refused(f"Domain {domain.name} was not made by this installation", hint="Adopt it first.")
        if (present.installation, present.instance) != (owner.installation, owner.instance):
            raise Refused(f"Domain {domain.name} belongs to instance {present.instance} of {present.installation}")

    def _check_running(self, uuid: str) -> None:
        domain = self._domain(uuid)
        if domain.power is not Power.RUNNING:
            raise Refused(f"Domain {domain.name} is not active", hint="Start it first.")

    def _set_power(self, uuid: str, power: Power, reason: str, event: str) -> DomainFacts:
        with self._lock:
            facts = replace(self._domain(uuid), power=power, reason=reason)
            self._state.domains[uuid] = facts
        self._emit(uuid, event)
        return facts

    def _set_owner(self, domain: DomainFacts, owner: Owner | None) -> DomainFacts:
        self._state.domains[domain.uuid] = replace(domain, owner=owner)
        self._emit(domain.uuid, "metadata changed")
        return self._state.domains[domain.uuid]

    def _sample(self, domain: DomainFacts) -> DomainSample:
        if domain.power is not Power.RUNNING:
            return DomainSample(domain.uuid, domain.power, 0, 0, 0, 0, 0, 0, 0, 0)
        cpu_time = time.monotonic_ns()
        return DomainSample(
            domain.uuid, domain.power, cpu_time, domain.vcpus, domain.memory_mib, domain.memory_mib, 0, 0, 0, 0
        )

    def _emit(self, uuid: str, detail: str) -> None:
        for sink in tuple(self._sinks):
            sink(Event(EventKind.DOMAIN, uuid=uuid, detail=detail))


# --- by URI -----------------------------------------------------------------------------------------------------------

_hosts: dict[str, FakeHypervisor] = {}


def host(uri: str) -> FakeHypervisor:
    """Return the host behind `fake://name`, made when first asked for."""
    return _hosts.setdefault(uri, FakeHypervisor(uri.removeprefix(SCHEME)))


def connect(uri: str, *, timeout: float = 5.0) -> FakeHypervisor:  # noqa: ARG001 - the port's signature
    """Return the host behind `uri`; HostUnavailable where a test took it down."""
    fake = host(uri)
    fake._enter("connect")
    return fake


def reset() -> None:
    """Forget all hosts: between tests."""
    _hosts.clear()

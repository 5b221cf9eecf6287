"""One private host for all tests of the driver, and a guest that boots on it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from console.virt.libvirt_driver.hypervisor import LibvirtHypervisor, connect
from console.virt.port import (
    DiskSpec,
    DomainSpec,
    HostFacts,
    NatNetworkSpec,
    NicSpec,
    Owner,
    PoolSpec,
    VolumeSpec,
)
from tests.hosts import OwnLibvirt, own_libvirt, tiny_image

NETWORK = NatNetworkSpec("nat0", "vdbr0", "10.99.0.1", 24, "10.99.0.10", "10.99.0.200")

host = pytest.fixture(scope="session")(own_libvirt)


@pytest.fixture(scope="session")
def host_facts(host: OwnLibvirt) -> HostFacts:
    """What the host is, with its pool, its network and the tiny image in place."""
    hypervisor = connect(host.uri)
    hypervisor.pool_ensure(PoolSpec("images", host.pool_path))
    hypervisor.network_ensure(NETWORK)
    image = tiny_image()
    with image.open("rb") as source:
        hypervisor.volume_upload(VolumeSpec("images", "tiny", 64 << 20), source, image.stat().st_size)
    facts = hypervisor.facts()
    hypervisor.close()
    return facts


@pytest.fixture
def hv(host: OwnLibvirt, host_facts: HostFacts) -> Iterator[LibvirtHypervisor]:
    hypervisor = connect(host.uri)
    yield hypervisor
    hypervisor.close()


@pytest.fixture
def guest(host: OwnLibvirt, host_facts: HostFacts) -> Iterator[DomainSpec]:
    """A small guest, not defined yet; gone afterwards, whatever became of it."""
    identity = str(uuid.uuid4())
    hypervisor = connect(host.uri)
    hypervisor.volume_ensure(VolumeSpec("images", f"{identity}-root", 64 << 20, backing="tiny"))
    yield guest_spec(host, host_facts, identity)
    hypervisor = connect(host.uri)
    present = hypervisor.domain_get(identity)
    if present is not None and present.owner is not None:
        hypervisor.domain_destroy(identity, present.owner)
        hypervisor.domain_undefine(identity, present.owner)
    hypervisor.volume_delete("images", f"{identity}-root")
    hypervisor.volume_delete("images", f"{identity}.log")
    hypervisor.close()


def guest_spec(host: OwnLibvirt, facts: HostFacts, identity: str, **changes: Any) -> DomainSpec:
    values: dict[str, Any] = {
        "uuid": identity,
        "name": f"vd-{identity[:8]}",
        "title": "Größe <1> ]]> 🚀",
        "owner": Owner("lab", "p1", identity),
        "vcpus": 1,
        "memory_mib": 96,
        "virt_type": facts.virt_type,
        "machine": facts.machine,
        "disks": (DiskSpec("images", f"{identity}-root", "vda", serial="root", boot_order=1),),
        "nics": (NicSpec(f"52:54:00:{identity[:2]}:{identity[2:4]}:{identity[4:6]}", "nat0"),),
        "console_log": f"{host.pool_path}/{identity}.log",
    }
    return DomainSpec(**{**values, **changes})


def eventually(condition: Callable[[], Any], *, within: float = 60.0) -> Any:
    """Return the first true answer of `condition`; fail when none comes in time."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return answer

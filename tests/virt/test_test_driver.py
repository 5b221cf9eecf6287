"""The same driver on libvirt's built-in test host, which lacks much of what QEMU offers."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from console.virt.errors import Missing, Refused
from console.virt.libvirt_driver.hypervisor import connect
from console.virt.port import (
    DomainSpec,
    Event,
    EventKind,
    NatNetworkSpec,
    Owner,
    PoolSpec,
    Power,
    VolumeFormat,
    VolumeSpec,
)
from tests.virt.conftest import eventually

IDENTITY = str(uuid.uuid4())
OWNER = Owner("lab", "p1", IDENTITY)


@pytest.fixture
def hv():
    hypervisor = connect("test:///default")
    yield hypervisor
    hypervisor.close()


@pytest.fixture
def spec(hv) -> DomainSpec:
    return DomainSpec(IDENTITY, "web-1", "Web", OWNER, vcpus=2, memory_mib=512, virt_type="test")


def test_the_host(hv):
    hv.ping()
    facts = hv.facts()
    assert facts.virt_type == "qemu"
    assert facts.cpus > 0 and facts.memory_mib > 0


def test_storage(hv):
    hv.pool_ensure(PoolSpec("images", "/images"))
    spec = VolumeSpec("images", "v1", 1 << 20, VolumeFormat.RAW)
    assert hv.volume_ensure(spec) == hv.volume_ensure(spec)
    assert hv.volume_get("images", "v1").capacity == 1 << 20
    assert [volume.name for volume in hv.volume_list("images")] == ["v1"]
    assert hv.volume_delete("images", "v1") is True
    assert hv.volume_delete("images", "v1") is False


def test_networks(hv):
    spec = NatNetworkSpec("nat0", "vdbr0", "10.99.0.1", 24, "10.99.0.10", "10.99.0.200")
    assert hv.network_ensure(spec).active
    assert {network.name for network in hv.network_list()} >= {"default", "nat0"}
    assert hv.leases("nat0") == ()
    assert hv.network_delete("nat0")


def test_a_domain_lives(hv, spec):
    events: list[Event] = []
    hv.watch(events.append)
    assert hv.domain_ensure(spec).power is Power.STOPPED
    assert hv.domain_start(IDENTITY, OWNER).power is Power.RUNNING
    assert {domain.name for domain in hv.domain_list()} == {"test", "web-1"}
    assert {sample.power for sample in hv.samples()} <= {Power.RUNNING}
    hv.domain_reboot(IDENTITY, OWNER, hard=False)
    assert hv.domain_shutdown(IDENTITY, OWNER).power is Power.STOPPED
    assert hv.domain_reboot(IDENTITY, OWNER, hard=True).power is Power.RUNNING
    assert hv.domain_destroy(IDENTITY, OWNER).reason == "destroyed"
    assert hv.domain_undefine(IDENTITY, OWNER)
    eventually(lambda: [event.detail for event in events][-1:] == ["undefined"], within=2)
    assert "started" in [event.detail for event in events]


def test_owners(hv, spec):
    hv.domain_ensure(spec)
    stranger = replace(OWNER, installation="elsewhere")
    with pytest.raises(Refused, match="belongs to"):
        hv.domain_start(IDENTITY, stranger)
    alien = next(domain for domain in hv.domain_list() if domain.name == "test")
    with pytest.raises(Refused, match="not made by"):
        hv.domain_destroy(alien.uuid, OWNER)
    assert hv.domain_adopt(alien.uuid, OWNER).owner == OWNER
    assert hv.domain_disown(alien.uuid, OWNER).owner is None


def test_what_it_lacks_is_refused_in_words(hv, spec):
    hv.domain_ensure(spec)
    hv.domain_start(IDENTITY, OWNER)
    with pytest.raises(Refused) as refused:
        hv.console_open(IDENTITY)
    assert "could not open the serial console" in refused.value.message
    with pytest.raises(Missing):
        hv.domain_xml(str(uuid.uuid4()))


def test_closing_tells_the_watchers(hv):
    events: list[Event] = []
    hv.watch(events.append)
    hv.close()
    assert [event.kind for event in events] == [EventKind.CLOSED]

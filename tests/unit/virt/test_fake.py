"""The fake keeps the port's promises and breaks them on demand."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import pytest

from console.virt import fake
from console.virt.connect import hypervisor
from console.virt.errors import HostUnavailable, Missing, Refused
from console.virt.port import Event, EventKind, NicSpec, PoolSpec, Power
from tests.unit.virt.samples import IMAGE, NETWORK, OWNER, ROOT, STRANGER, UUID, small_guest


@pytest.fixture
def host():
    fake.reset()
    host = fake.host("fake://one")
    host.pool_ensure(PoolSpec("images", "/pool"))
    host.volume_upload(IMAGE, io.BytesIO(b"abc"), 3)
    host.volume_ensure(ROOT)
    host.network_ensure(NETWORK)
    return host


def test_the_uri_finds_the_same_host(host):
    assert hypervisor("fake://one") is host
    assert hypervisor("fake://two") is not host


def test_a_guest_lives_and_tells(host):
    events: list[Event] = []
    host.watch(events.append)
    host.domain_ensure(small_guest(nics=(NicSpec("52:54:00:00:00:01", "nat0"),)))
    assert host.domain_start(UUID, OWNER).power is Power.RUNNING
    with pytest.raises(Refused):
        host.domain_undefine(UUID, OWNER)
    assert host.graphics_socket(UUID).recv(12) == b"RFB 003.008\n"
    host.guest_powers_off(UUID)
    assert host.domain_get(UUID).reason == "shutdown"
    assert host.domain_undefine(UUID, OWNER) is True
    assert host.domain_undefine(UUID, OWNER) is False
    assert [event.detail for event in events] == ["defined", "started", "stopped", "undefined"]


def test_what_is_not_ours_is_left_alone(host):
    host.domain_ensure(small_guest())
    for act in (host.domain_start, host.domain_destroy, host.domain_shutdown, host.domain_undefine):
        with pytest.raises(Refused):
            act(UUID, STRANGER)
    with pytest.raises(Refused):
        host.domain_adopt(UUID, STRANGER)
    host.domain_disown(UUID, OWNER)
    assert host.domain_adopt(UUID, STRANGER).owner == STRANGER


def test_failures_come_when_asked_for(host):
    host.fail_next("volume_ensure", HostUnavailable("gone"))
    with pytest.raises(HostUnavailable, match="gone"):
        host.volume_ensure(ROOT)
    assert host.volume_ensure(ROOT).name == "root"
    assert host.calls["volume_ensure"] == 3


def test_a_host_that_is_down(host):
    events: list[Event] = []
    host.watch(events.append)
    host.domain_ensure(small_guest())
    host.domain_start(UUID, OWNER)
    host.go_down()
    assert events[-1].kind is EventKind.CLOSED
    with pytest.raises(HostUnavailable):
        hypervisor("fake://one")
    host.come_back()
    assert host.domain_get(UUID).power is Power.STOPPED


def test_a_call_that_hangs(host):
    release = host.hang("ping")
    caller = threading.Thread(target=host.ping)
    caller.start()
    caller.join(0.05)
    assert caller.is_alive()
    release.set()
    caller.join(1)
    assert not caller.is_alive()


def test_storage_is_checked(host):
    with pytest.raises(Missing):
        host.volume_ensure(replace(ROOT, name="other", backing="nothing"))
    with pytest.raises(Refused):
        host.volume_ensure(replace(ROOT, backing=None))
    with pytest.raises(Refused):
        host.volume_upload(replace(IMAGE, name="short"), io.BytesIO(b"a"), 2)
    assert host.volume_get("images", "short") is None
    assert host.volume_read("images", "base", 1, 10) == b"bc"

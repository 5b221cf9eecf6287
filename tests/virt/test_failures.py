"""Hosts that hang, die and come back."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from console.virt.connect import forget, hypervisor
from console.virt.errors import HostUnavailable
from console.virt.libvirt_driver.hypervisor import connect
from console.virt.port import Event, EventKind, Power
from tests.hosts import OwnLibvirt
from tests.virt.conftest import eventually


@pytest.fixture
def seconds():
    """Tell how long something took."""
    start = time.monotonic()
    return lambda: time.monotonic() - start


@pytest.mark.host
def test_a_daemon_that_ends_is_told_at_once_and_its_guests_live_on(host, hv, guest):
    events: list[Event] = []
    hv.watch(events.append)
    hv.domain_ensure(guest)
    hv.domain_start(guest.uuid, guest.owner)
    for end in (host.stop, host.kill9):
        current = connect(host.uri)
        events.clear()
        current.watch(events.append)
        end()
        eventually(lambda: [event.kind for event in events][-1:] == [EventKind.CLOSED], within=2)
        with pytest.raises(HostUnavailable):
            current.ping()
        with pytest.raises(HostUnavailable):
            current.watch(events.append)
        host.start()
        again = connect(host.uri)
        assert again.domain_get(guest.uuid).power is Power.RUNNING
        again.close()


@pytest.mark.host
def test_a_daemon_that_hangs_is_given_up_within_seconds(host, hv, seconds):
    events: list[Event] = []
    hv.watch(events.append)
    host.pause()
    try:
        with pytest.raises(HostUnavailable):
            hv.domain_list()
        assert seconds() < 9
        eventually(lambda: events and events[-1].kind is EventKind.CLOSED, within=5)
        before = time.monotonic()
        for _ in range(3):
            with pytest.raises(HostUnavailable, match="did not answer within"):
                connect(host.uri, timeout=0.5)
        assert time.monotonic() - before < 2.5
    finally:
        host.resume()
    eventually(lambda: _answers(host.uri), within=10)


@pytest.mark.host
def test_the_shared_connection_heals_and_spares_a_dead_host(host, host_facts):
    first = hypervisor(host.uri)
    assert hypervisor(host.uri) is first
    host.kill9()
    eventually(lambda: not first.usable, within=3)
    with pytest.raises(HostUnavailable):
        hypervisor(host.uri)
    before = time.monotonic()
    for _ in range(100):
        with pytest.raises(HostUnavailable):
            hypervisor(host.uri)
    assert time.monotonic() - before < 0.2
    host.start()
    second = eventually(lambda: _shared(host.uri), within=6)
    assert second is not first
    second.ping()
    forget(host.uri)


@pytest.mark.host
def test_a_forked_child_leaves_its_parents_connection_alone(host, host_facts):
    parent = hypervisor(host.uri)
    pid = os.fork()
    if pid == 0:
        try:
            hypervisor(host.uri)
            os._exit(1)
        except HostUnavailable as error:
            os._exit(0 if "forked" in error.message else 2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    parent.ping()
    assert hypervisor(host.uri) is parent
    forget(host.uri)


@pytest.mark.host
def test_many_threads_share_one_connection(hv, guest):
    hv.domain_ensure(guest)
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(50):
                assert hv.domain_get(guest.uuid) is not None
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.host
def test_a_private_host_leaves_nothing_behind():
    with OwnLibvirt("brief") as brief:
        assert brief.virsh("hostname").strip() == "brief"
        pids = brief.processes()
        assert len(pids) >= 3
    assert not brief.home.exists()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)  # noqa: PTH110


def test_an_address_where_nobody_listens(seconds):
    with pytest.raises(HostUnavailable, match="port 1"):
        connect("qemu+tcp://127.0.0.1:1/system")
    with pytest.raises(HostUnavailable, match="no libvirt socket"):
        connect("qemu+unix:///system?socket=/nowhere/libvirt-sock")
    assert seconds() < 1


def test_an_address_that_accepts_and_says_nothing(seconds):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(HostUnavailable, match="did not answer within"):
            connect(f"qemu+tcp://127.0.0.1:{silent.getsockname()[1]}/system", timeout=0.5)
        assert seconds() < 2


def test_a_uri_that_means_nothing():
    with pytest.raises(HostUnavailable):
        connect("nonsense:///x")


def _answers(uri: str) -> bool:
    try:
        connection = connect(uri, timeout=1)
    except HostUnavailable:
        return False
    connection.ping()
    connection.close()
    return True


def _shared(uri: str):
    try:
        return hypervisor(uri)
    except HostUnavailable:
        return None

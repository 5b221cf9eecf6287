"""The driver against a real libvirtd with real guests."""

from __future__ import annotations

import io
import os
import threading
from dataclasses import replace

import libvirt
import pytest

from console.virt.errors import HostUnavailable, Missing, Refused
from console.virt.libvirt_driver.hypervisor import connect
from console.virt.port import (
    DiskSpec,
    Event,
    GraphicsSpec,
    NatNetworkSpec,
    Owner,
    PoolSpec,
    Power,
    VolumeFormat,
    VolumeSpec,
)
from tests.virt.conftest import eventually, guest_spec

pytestmark = pytest.mark.host

STRANGER = Owner("elsewhere", "p1", "i1")
MIB = 1 << 20


# --- the host ---------------------------------------------------------------------------------------------------------


def test_the_host_says_what_it_is(hv, host_facts):
    hv.ping()
    assert (host_facts.hostname, host_facts.arch) == ("host1", "x86_64")
    assert host_facts.machine.startswith("pc-q35-")
    assert host_facts.libvirt_version.count(".") == 2


def test_kvm_is_told_only_where_the_cpu_can(host_facts):
    with open("/proc/cpuinfo") as cpuinfo:  # noqa: PTH123
        flags = set(cpuinfo.read().split())
    if not flags & {"vmx", "svm"}:
        assert host_facts.virt_type == "qemu"


# --- storage ----------------------------------------------------------------------------------------------------------


def test_a_pool_of_another_path_is_not_taken_over(hv, host):
    assert hv.pool_ensure(PoolSpec("images", host.pool_path + "/")).path == host.pool_path
    with pytest.raises(Refused, match="already"):
        hv.pool_ensure(PoolSpec("images", "/elsewhere"))
    with pytest.raises(Missing):
        hv.volume_get("nowhere", "x")


def test_an_image_is_uploaded_whole_and_sparse(hv, host):
    content = os.urandom(3 * MIB) + bytes(20 * MIB) + os.urandom(MIB) + b"end"
    seen: list[tuple[int, int]] = []
    spec = VolumeSpec("images", "raw-image", 0, VolumeFormat.RAW)
    facts = hv.volume_upload(spec, io.BytesIO(content), len(content), progress=lambda *step: seen.append(step))
    with open(facts.path, "rb") as file:  # noqa: PTH123
        assert file.read() == content
    assert facts.allocation < len(content) / 2
    assert seen[-1] == (len(content), len(content))
    assert hv.volume_upload(spec, io.BytesIO(b"other"), 5).capacity == len(content), "a finished one is kept"
    assert [volume.name for volume in hv.volume_list("images") if volume.name.startswith(".")] == []
    assert hv.volume_delete("images", "raw-image") is True
    assert hv.volume_delete("images", "raw-image") is False


def test_an_unfinished_upload_is_never_seen_and_done_again(hv, host):
    spec = VolumeSpec("images", "torn", 0, VolumeFormat.RAW)
    with pytest.raises(Refused, match="ended after"):
        hv.volume_upload(spec, io.BytesIO(b"half"), 8)
    assert hv.volume_get("images", "torn") is None
    assert "torn" not in [volume.name for volume in hv.volume_list("images")]
    with pytest.raises(Missing, match="finished"):
        hv.volume_ensure(VolumeSpec("images", "over-torn", MIB, backing="torn"))
    # The marker is a file of the pool: it is there after a restart as well.
    host.restart()
    again = connect(host.uri)
    assert again.volume_get("images", "torn") is None
    eventually(lambda: again.volume_upload(spec, io.BytesIO(b"complete"), 8).capacity == 8)
    assert again.volume_read("images", "torn", 0, 100) == b"complete"
    again.volume_delete("images", "torn")
    again.close()


def test_an_upload_that_dies_with_the_daemon_is_done_again(hv, host):
    spec = VolumeSpec("images", "killed", 0, VolumeFormat.RAW)
    content = os.urandom(8 * MIB)

    def kill_half_way(done: int, _size: int) -> None:
        if done == 4 * MIB:
            host.kill9()

    with pytest.raises(HostUnavailable):
        hv.volume_upload(spec, io.BytesIO(content), len(content), progress=kill_half_way)
    host.start()
    again = connect(host.uri)
    assert again.volume_get("images", "killed") is None
    assert again.volume_upload(spec, io.BytesIO(content), len(content)).capacity == len(content)
    assert again.volume_delete("images", "killed")
    again.close()


def test_overlays_keep_their_backing_file(hv):
    spec = VolumeSpec("images", "overlay", 64 * MIB, backing="tiny")
    assert hv.volume_ensure(spec) == hv.volume_ensure(spec)
    with pytest.raises(Refused, match="based on"):
        hv.volume_ensure(replace(spec, backing=None))
    hv.volume_delete("images", "overlay")


def test_files_that_others_put_into_the_pool_are_read_as_they_grow(hv, host):
    with pytest.raises(Missing):
        hv.volume_read("images", "strange.log", 0, 10)
    with open(f"{host.pool_path}/strange.log", "ab", buffering=0) as log:  # noqa: PTH123
        log.write(b"one")
        assert eventually(lambda: _read_or_none(hv, "strange.log"), within=5) == b"one"
        log.write(b"two")
        assert hv.volume_read("images", "strange.log", 3, 100) == b"two"
        assert hv.volume_read("images", "strange.log", 100, 100) == b""
        assert hv.volume_read("images", "strange.log", 0, 0) == b""
        assert hv.volume_read("images", "strange.log", 0, 2) == b"on"
    assert hv.volume_delete("images", "strange.log")


def _read_or_none(hv, name):
    try:
        return hv.volume_read("images", name, 0, 100)
    except Missing:
        return None


# --- networks ---------------------------------------------------------------------------------------------------------


def test_networks_come_and_go(hv):
    spec = NatNetworkSpec("nat7", "vdbr7", "10.99.7.1", 24, "10.99.7.10", "10.99.7.20")
    facts = hv.network_ensure(spec)
    assert (facts.active, facts.forward, facts.cidr) == (True, "nat", "10.99.7.0/24")
    assert hv.network_ensure(spec) == facts
    assert hv.network_start("nat7") == facts
    assert facts in hv.network_list()
    assert hv.leases("nat7") == ()
    assert hv.network_delete("nat7") is True
    assert hv.network_delete("nat7") is False
    with pytest.raises(Missing):
        hv.network_start("nat7")


# --- guests -----------------------------------------------------------------------------------------------------------


def test_a_guest_from_definition_to_removal(hv, guest):
    events: list[Event] = []
    hv.watch(events.append)
    defined = hv.domain_ensure(guest)
    assert (defined.power, defined.title, defined.owner) == (Power.STOPPED, guest.title, guest.owner)
    assert hv.domain_ensure(guest) == defined

    assert hv.domain_start(guest.uuid, guest.owner).power is Power.RUNNING
    assert hv.domain_start(guest.uuid, guest.owner).power is Power.RUNNING
    eventually(lambda: "started" in [event.detail for event in events if event.uuid == guest.uuid], within=2)
    assert hv.domain_get(guest.uuid) in hv.domain_list()
    assert "passwd" not in hv.domain_xml(guest.uuid)

    lease = eventually(lambda: next((lease for lease in hv.leases("nat0") if lease.mac == guest.nics[0].mac), None))
    assert lease.address.startswith("10.99.0.")

    with pytest.raises(Refused, match="running"):
        hv.domain_undefine(guest.uuid, guest.owner)
    stopped = hv.domain_destroy(guest.uuid, guest.owner)
    assert (stopped.power, stopped.reason) == (Power.STOPPED, "destroyed")
    assert hv.domain_destroy(guest.uuid, guest.owner).power is Power.STOPPED
    assert hv.domain_undefine(guest.uuid, guest.owner) is True
    assert hv.domain_undefine(guest.uuid, guest.owner) is False
    assert hv.domain_get(guest.uuid) is None
    eventually(lambda: [event.detail for event in events][-1:] == ["undefined"], within=2)


def test_a_running_guest_is_counted_and_one_that_is_off_is_zero(hv, guest):
    hv.domain_ensure(guest)
    off = _sample_of(hv, guest)
    assert (off.power, off.cpu_time_ns, off.memory_mib) == (Power.STOPPED, 0, 0)
    hv.domain_start(guest.uuid, guest.owner)
    running = eventually(lambda: (s := _sample_of(hv, guest)) and s.disk_read_bytes and s.net_rx_bytes and s)
    assert (running.power, running.vcpus, running.memory_mib) == (Power.RUNNING, 1, 96)
    assert running.cpu_time_ns > 0 and running.memory_rss_mib > 0


def _sample_of(hv, guest):
    return next((sample for sample in hv.samples() if sample.uuid == guest.uuid), None)


def test_the_power_button_and_reboots(hv, guest):
    hv.domain_ensure(guest)
    with pytest.raises(Refused, match="off"):
        hv.domain_reboot(guest.uuid, guest.owner, hard=False)
    assert hv.domain_reboot(guest.uuid, guest.owner, hard=True).power is Power.RUNNING
    assert hv.domain_reboot(guest.uuid, guest.owner, hard=True).power is Power.RUNNING
    eventually(lambda: b"ready" in hv.volume_read("images", f"{guest.uuid}.log", 0, MIB))
    hv.domain_shutdown(guest.uuid, guest.owner)
    assert eventually(lambda: (d := hv.domain_get(guest.uuid)).power is Power.STOPPED and d).reason == "shutdown"
    assert hv.domain_shutdown(guest.uuid, guest.owner).power is Power.STOPPED


def test_the_serial_console_talks_and_is_kept(hv, guest):
    hv.domain_ensure(guest)
    hv.domain_start(guest.uuid, guest.owner)
    console = hv.console_open(guest.uuid)
    heard = bytearray()
    reader = threading.Thread(target=lambda: [heard.extend(part) for part in iter(console.recv, b"")])
    reader.start()
    eventually(lambda: b"ready" in heard)
    console.send(b"\necho sum-$((40+2))\n")
    eventually(lambda: b"sum-42" in heard, within=10)

    # Whoever opens it next takes it over.
    taker = hv.console_open(guest.uuid)
    reader.join(5)
    assert not reader.is_alive()
    taker.close()
    assert taker.recv() == b""
    with pytest.raises(Refused, match="closed"):
        taker.send(b"x")

    log = hv.volume_read("images", f"{guest.uuid}.log", 0, MIB)
    assert b"Linux version" in log and b"sum-42" in log


def test_a_console_ends_with_its_guest(hv, guest):
    hv.domain_ensure(guest)
    hv.domain_start(guest.uuid, guest.owner)
    console = hv.console_open(guest.uuid)
    hv.domain_destroy(guest.uuid, guest.owner)
    while console.recv():
        pass
    with pytest.raises(Refused):
        hv.console_open(guest.uuid)


def test_the_screen_is_handed_over_without_a_listening_socket(hv, guest):
    hv.domain_ensure(guest)
    hv.domain_start(guest.uuid, guest.owner)
    with hv.graphics_socket(guest.uuid) as screen:
        assert screen.recv(12) == b"RFB 003.008\n"
    assert "listen type='none'" in hv.domain_xml(guest.uuid)


def test_a_screen_with_an_address_and_a_password(hv, guest):
    hv.domain_ensure(replace(guest, graphics=GraphicsSpec(listen="127.0.0.1", password="secret77")))
    hv.domain_start(guest.uuid, guest.owner)
    definition = hv.domain_xml(guest.uuid)
    assert "secret77" not in definition
    # It listens inside the host's own network namespace, where we are not.
    with pytest.raises(HostUnavailable, match="screen"):
        hv.graphics_socket(guest.uuid)


def test_cdroms_and_more_disks(hv, host, host_facts, guest):
    hv.volume_ensure(VolumeSpec("images", "data", 8 * MIB))
    disks = (
        *guest.disks,
        DiskSpec("images", "data", "vdb", serial="data-1"),
        DiskSpec("images", "tiny", "sda", bus="scsi", device="cdrom"),
    )
    hv.domain_ensure(replace(guest, disks=disks))
    running = hv.domain_start(guest.uuid, guest.owner)
    assert [(disk.target, disk.device) for disk in running.disks] == [
        ("vda", "disk"),
        ("vdb", "disk"),
        ("sda", "cdrom"),
    ]
    with pytest.raises(Missing, match="no finished volume gone"):
        hv.domain_ensure(guest_spec(host, host_facts, guest.uuid, disks=(DiskSpec("images", "gone", "vda"),)))
    hv.domain_destroy(guest.uuid, guest.owner)
    hv.volume_delete("images", "data")


# --- ownership --------------------------------------------------------------------------------------------------------


def test_what_carries_another_owner_is_never_touched(hv, guest):
    hv.domain_ensure(guest)
    hv.domain_start(guest.uuid, guest.owner)
    stranger = replace(guest.owner, installation="elsewhere")
    for owner in (stranger, replace(guest.owner, instance="another")):
        for act in (hv.domain_start, hv.domain_shutdown, hv.domain_destroy, hv.domain_undefine, hv.domain_disown):
            with pytest.raises(Refused, match="belongs to"):
                act(guest.uuid, owner)
        with pytest.raises(Refused):
            hv.domain_reboot(guest.uuid, owner, hard=True)
        with pytest.raises(Refused):
            hv.domain_ensure(replace(guest, owner=owner))
    with pytest.raises(Refused):
        hv.domain_adopt(guest.uuid, stranger)
    assert hv.domain_get(guest.uuid).power is Power.RUNNING


def test_a_running_domain_changes_hands(hv, guest):
    hv.domain_ensure(guest)
    hv.domain_start(guest.uuid, guest.owner)
    assert hv.domain_disown(guest.uuid, guest.owner).owner is None
    assert hv.domain_disown(guest.uuid, guest.owner).owner is None
    with pytest.raises(Refused, match="not made by"):
        hv.domain_destroy(guest.uuid, guest.owner)
    adopted = replace(guest.owner, installation="elsewhere", generation=2)
    assert hv.domain_adopt(guest.uuid, adopted).owner == adopted
    hv.domain_destroy(guest.uuid, adopted)
    assert hv.domain_get(guest.uuid).owner == adopted, "the definition knows it too"


def test_a_domain_that_somebody_else_made(hv, host):
    definition = "<domain type='qemu'><name>alien</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    raw = libvirt.open(host.uri)
    alien = raw.defineXML(definition)
    facts = hv.domain_get(alien.UUIDString())
    assert (facts.name, facts.owner, facts.persistent) == ("alien", None, True)
    with pytest.raises(Refused, match="not made by"):
        hv.domain_start(facts.uuid, STRANGER)
    with pytest.raises(Missing):
        hv.domain_start("00000000-0000-0000-0000-000000000000", STRANGER)
    alien.undefine()
    raw.close()

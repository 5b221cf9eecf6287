"""What the measurements share: guests seen through the database, statistics, raw libvirt."""

from __future__ import annotations

import math
import sqlite3
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import libvirt
from lxml import etree

from tests.stack import Stack

_events_started = False
_started = threading.Lock()


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def timed(act: Callable[[], Any]) -> float:
    """Milliseconds that an act takes."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


class Statuses:
    """Reads statuses where the product writes them. Asking REST every few milliseconds would load what is measured."""

    def __init__(self, stack: Stack) -> None:
        self._database = sqlite3.connect(f"file:{stack.var}/virtdeck.sqlite3?mode=ro", uri=True, isolation_level=None)

    def of(self, instance_id: str) -> str:
        row = self._database.execute(
            "SELECT status FROM compute_instance WHERE id = ?", (_key(instance_id),)
        ).fetchone()
        return row[0] if row else ""

    def wait(self, instance_id: str, status: str, *, within: float = 120.0) -> None:
        """Wait until an instance has a status; `""` is gone."""
        deadline = time.monotonic() + within
        while (now := self.of(instance_id)) != status:
            assert now != "error", "the instance failed"
            assert time.monotonic() < deadline, f"{instance_id} is {now} and not {status or 'gone'}"
            time.sleep(0.002)

    def wait_idle(self) -> None:
        """Wait until no operation is active."""
        active = "SELECT count(*) FROM operations_operation WHERE state IN ('queued', 'running', 'cancelling')"
        deadline = time.monotonic() + 120
        while self._database.execute(active).fetchone()[0]:
            assert time.monotonic() < deadline, "operations do not end"
            time.sleep(0.02)


def _key(instance_id: str) -> str:
    return uuid.UUID(instance_id).hex


def open_raw(stack: Stack) -> libvirt.virConnect:
    """A libvirt connection of the bench's own, with events."""
    global _events_started
    with _started:
        if not _events_started:
            libvirt.virEventRegisterDefaultImpl()
            threading.Thread(target=_run_events, daemon=True).start()
            _events_started = True
    return libvirt.open(stack.host.uri)


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


class RawGuests:
    """Guests made the shortest way: overlay, define, create, with the very XML of one of ours."""

    def __init__(self, stack: Stack, like: str) -> None:
        """`like` is an instance; its config drive is copied once and shared by all raw guests."""
        self._raw = open_raw(stack)
        self._template = self._raw.lookupByUUIDString(like).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        document = etree.fromstring(self._template.encode())
        root_disk = document.find("devices/disk[@device='disk']/source").get("file")
        self._pool = self._raw.storageVolLookupByPath(root_disk).storagePoolLookupByVolume()
        self._folder = root_disk.rsplit("/", 1)[0]
        shape = etree.fromstring(self._raw.storageVolLookupByPath(root_disk).XMLDesc().encode())
        self._capacity = shape.findtext("capacity")
        self._backing = shape.findtext("backingStore/path")
        drive = document.find("devices/disk[@device='cdrom']/source").get("file")
        self._drive = f"{self._folder}/raw-drive.iso"
        stack.host.run("cp", drive, self._drive)

    def create(self, identity: str) -> None:
        """Overlay, define, create."""
        name = f"raw-{identity}.qcow2"
        volume = self._pool.createXML(
            f"<volume><name>{name}</name><capacity unit='bytes'>{self._capacity}</capacity>"
            f"<target><format type='qcow2'/></target>"
            f"<backingStore><path>{self._backing}</path><format type='qcow2'/></backingStore></volume>"
        )
        self._raw.defineXML(self._definition(identity, volume.path())).create()

    def remove(self, identity: str) -> None:
        domain = self._raw.lookupByUUIDString(identity)
        domain.destroy()
        domain.undefine()
        self._pool.storageVolLookupByName(f"raw-{identity}.qcow2").delete()

    def _definition(self, identity: str, root_disk: str) -> str:
        document = etree.fromstring(self._template.encode())
        document.find("uuid").text = identity
        document.find("name").text = f"raw-{identity}"
        for entry in document.iterfind("sysinfo/system/entry[@name='uuid']"):
            entry.text = identity
        document.find("devices/disk[@device='disk']/source").set("file", root_disk)
        document.find("devices/disk[@device='cdrom']/source").set("file", self._drive)
        for log in document.iterfind("devices/*/log"):
            log.set("file", f"{self._folder}/raw-{identity}.log")
        number = uuid.UUID(identity).bytes
        document.find("devices/interface/mac").set(
            "address", "52:54:00:" + ":".join(f"{byte:02x}" for byte in number[:3])
        )
        return etree.tostring(document, encoding="unicode")

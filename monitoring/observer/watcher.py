"""Watches one host: events as they come, samples every five seconds, everything compared once a minute."""

from __future__ import annotations

import queue
import threading
import time
import uuid
from dataclasses import replace

import redis
import structlog
from django.conf import settings
from django.db import close_old_connections

from compute.services.observing import (
    Watched,
    console_log_append,
    domain_observed,
    host_compared,
    watched_guest,
    watched_guests,
)
from console.core.bus import sample_group, send
from console.fleet.models.hosts import Host
from console.fleet.services.connections import connection
from console.fleet.services.hosts import host_facts_noted, host_lost, host_seen
from console.fleet.services.samples import Point, rates, samples_store
from console.operations.services.operations import wake_waiting
from console.virt.errors import HostUnavailable, Missing, VirtError
from console.virt.port import DomainSample, Event, EventKind, Hypervisor, Power
from networking.services.networks import leases_observed

log = structlog.get_logger(__name__)

SAMPLE_SECONDS = 5.0
COMPARE_SECONDS = 60.0
STRANGER_SECONDS = 5.0
"""How soon after a comparison an event of a domain that is not ours may cause the next one."""
SEEN_SECONDS = 20.0
FIRST_BACKOFF = 1.0
LAST_BACKOFF = 15.0
_LOG_CHUNK = 256 * 1024
_LOG_QUIET_MOST = 30.0


class Watcher(threading.Thread):
    """One thread a host: what hangs here delays no other host."""

    def __init__(self, host_id: uuid.UUID) -> None:
        super().__init__(name=f"host-{host_id}", daemon=True)
        self.host_id = host_id
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._stopping = threading.Event()
        self._previous: dict[str, tuple[float, DomainSample]] = {}
        self._stranger_seen = False
        self._log_pause: dict[uuid.UUID, tuple[float, float]] = {}
        """Instance -> (when to look again, pause): guests that say nothing are asked less and less often."""

    def stop(self) -> None:
        """Let the thread end soon."""
        self._stopping.set()
        self._events.put(None)

    def run(self) -> None:
        backoff = FIRST_BACKOFF
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                close_old_connections()
                host = Host.unscoped.filter(pk=self.host_id).first()
                if host is None:
                    return
                self._watch(host)
            except HostUnavailable as error:
                self._lost(error.message)
            except Exception as error:
                log.exception("observer_failed", host=str(self.host_id), error=repr(error))
            backoff = FIRST_BACKOFF if time.monotonic() - began > LAST_BACKOFF else min(backoff * 2, LAST_BACKOFF)
            self._stopping.wait(backoff)

    def _lost(self, reason: str) -> None:
        host = Host.unscoped.filter(pk=self.host_id).first()
        if host is not None:
            host_lost(host, reason=reason)

    def _watch(self, host: Host) -> None:
        """Connect, look at everything, then follow until the connection ends (HostUnavailable)."""
        hypervisor = connection(host)
        self._events = queue.Queue()
        self._previous.clear()
        hypervisor.watch(self._hear)
        self._compare(host, hypervisor)
        wake_waiting(host.pk)
        host_facts_noted(host, hypervisor.facts())
        next_sample = next_compare = time.monotonic()
        next_compare += COMPARE_SECONDS
        next_seen = time.monotonic() + SEEN_SECONDS
        while not self._stopping.is_set():
            self._follow_until(host, hypervisor, min(next_sample, next_compare))
            now = time.monotonic()
            if now >= next_sample:
                self._sample(hypervisor)
                leases_observed(hypervisor.leases(host.network_name))
                self._read_logs(host, hypervisor)
                next_sample = max(now, next_sample + SAMPLE_SECONDS)
            if now >= next_compare or (
                self._stranger_seen and now >= next_compare - COMPARE_SECONDS + STRANGER_SECONDS
            ):
                self._compare(host, hypervisor)
                next_compare = now + COMPARE_SECONDS
                next_seen = now + SEEN_SECONDS
            elif now >= next_seen:
                host_seen(host)
                next_seen = now + SEEN_SECONDS

    def _hear(self, event: Event) -> None:
        """Always the same sink: after a failure of ours the connection may be the one that is watched already."""
        self._events.put(event)

    def _follow_until(self, host: Host, hypervisor: Hypervisor, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                return
            if event is None:
                return
            self._take(host, hypervisor, event)

    def _take(self, host: Host, hypervisor: Hypervisor, event: Event) -> None:
        if event.kind == EventKind.CLOSED:
            raise HostUnavailable(event.detail or f"{host.name} closed the connection.")
        facts = hypervisor.domain_get(event.uuid)
        if not domain_observed(host, facts, event.uuid):
            self._stranger_seen = True  # the list of unmanaged domains is a matter of comparison
        if facts is not None and facts.power == Power.STOPPED and (guest := watched_guest(event.uuid)):
            self._read_log(host, hypervisor, guest)

    def _compare(self, host: Host, hypervisor: Hypervisor) -> None:
        self._stranger_seen = False
        host_compared(host, hypervisor.domain_list())
        pool = hypervisor.pool_get(host.pool_name)
        host.refresh_from_db()
        host_seen(host, pool=pool)

    def _sample(self, hypervisor: Hypervisor) -> None:
        points: list[tuple[uuid.UUID, Point]] = []
        current: dict[str, tuple[float, DomainSample]] = {}
        for sample in hypervisor.samples():
            if sample.power not in (Power.RUNNING, Power.PAUSED):
                continue
            now = time.monotonic()
            current[sample.uuid] = (now, sample)
            if before := self._previous.get(sample.uuid):
                point = rates(before[1], sample, seconds=max(0.1, now - before[0]), at=time.time())
                points.append((uuid.UUID(sample.uuid), point))
        self._previous = current
        if not points:
            return
        try:
            samples_store(points)
        except redis.RedisError as error:
            log.warning("samples_lost", error=repr(error))
            return
        for instance_id, point in points:
            send([sample_group(instance_id)], {"type": "sample.point", "id": str(instance_id), "point": point})

    def _read_logs(self, host: Host, hypervisor: Hypervisor) -> None:
        guests = watched_guests(host)
        self._log_pause = {
            guest.instance_id: self._log_pause[guest.instance_id]
            for guest in guests
            if guest.instance_id in self._log_pause
        }
        for guest in guests:
            due, pause = self._log_pause.get(guest.instance_id, (0.0, SAMPLE_SECONDS))
            now = time.monotonic()
            if now < due:
                continue
            pause = SAMPLE_SECONDS if self._read_log(host, hypervisor, guest) else min(pause * 2, _LOG_QUIET_MOST)
            self._log_pause[guest.instance_id] = (now + pause - 1, pause)

    def _read_log(self, host: Host, hypervisor: Hypervisor, guest: Watched) -> bool:
        """Take over what a guest has written since; True if there was anything."""
        try:
            data = hypervisor.volume_read(host.pool_name, guest.file_name, guest.offset, _LOG_CHUNK)
        except Missing:
            return False
        except HostUnavailable:
            raise
        except VirtError as error:
            log.warning("console_log_unreadable", instance=str(guest.instance_id), error=error.message)
            return False
        if not data and guest.offset and self._was_rotated(host, hypervisor, guest):
            guest = replace(guest, offset=0)
            data = hypervisor.volume_read(host.pool_name, guest.file_name, 0, _LOG_CHUNK)
        if data:
            console_log_append(guest.instance_id, data=data, offset=guest.offset, keep=settings.CONSOLE_LOG_BYTES)
        return bool(data)

    def _was_rotated(self, host: Host, hypervisor: Hypervisor, guest: Watched) -> bool:
        """virtlogd begins a new file when one has grown large: then it is shorter than what was read."""
        facts = hypervisor.volume_get(host.pool_name, guest.file_name)
        return facts is not None and facts.capacity < guest.offset

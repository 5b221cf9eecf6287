"""One connection per process and host, shared by all threads. A host that failed just now is left alone for a while."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from console.virt.errors import HostUnavailable
from console.virt.libvirt_driver.hypervisor import LibvirtHypervisor, connect
from console.virt.libvirt_driver.probe import host_of

RETRY_AFTER_SECONDS = 3.0


@dataclass
class _Slot:
    """What is known of one host."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    hypervisor: LibvirtHypervisor | None = None
    failure: HostUnavailable | None = None
    failed_at: float = 0.0


class ConnectionPool:
    """Callers never wait for a dead host twice: the first pays the time-out, the rest fail at once until it is over."""

    def __init__(
        self, *, retry_after: float = RETRY_AFTER_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._retry_after = retry_after
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._inherited: list[dict[str, _Slot]] = []
        self._pid = os.getpid()

    def get(self, uri: str, *, timeout: float = 5.0) -> LibvirtHypervisor:
        """Return the live connection to `uri`, a new one if need be; HostUnavailable within `timeout` seconds."""
        slot = self._slot(uri)
        if slot.hypervisor is not None and slot.hypervisor.usable:
            return slot.hypervisor
        self._fail_fast(slot)
        if not slot.lock.acquire(timeout=0 if slot.failure is not None else timeout):
            # One caller tries a host that failed; the others need not wait for the outcome.
            raise _again(slot.failure) if slot.failure else HostUnavailable(f"{host_of(uri)} does not answer")
        try:
            if slot.hypervisor is not None and slot.hypervisor.usable:
                return slot.hypervisor
            self._fail_fast(slot)
            return self._open(slot, uri, timeout)
        finally:
            slot.lock.release()

    def forget(self, uri: str) -> None:
        """Close the connection to `uri` and let the next caller try at once."""
        with self._lock:
            slot = self._slots.pop(uri, None)
        if slot is not None and slot.hypervisor is not None:
            slot.hypervisor.close()

    def close(self) -> None:
        for uri in tuple(self._slots):
            self.forget(uri)

    def _slot(self, uri: str) -> _Slot:
        with self._lock:
            if self._pid != os.getpid():
                # After a fork: those connections are the parent's. Collected as garbage they would be closed, and the
                # parent would lose them; so they are kept, unused.
                self._inherited.append(self._slots)
                self._slots, self._pid = {}, os.getpid()
            return self._slots.setdefault(uri, _Slot())

    def _fail_fast(self, slot: _Slot) -> None:
        if slot.failure is not None and self._clock() - slot.failed_at < self._retry_after:
            raise _again(slot.failure)

    def _open(self, slot: _Slot, uri: str, timeout: float) -> LibvirtHypervisor:
        try:
            slot.hypervisor = connect(uri, timeout=timeout)
        except HostUnavailable as failure:
            slot.hypervisor, slot.failure, slot.failed_at = None, failure, self._clock()
            raise
        slot.failure = None
        return slot.hypervisor


def _again(failure: HostUnavailable) -> HostUnavailable:
    """A new error each time: one that is raised twice would gather the tracebacks of all callers."""
    return HostUnavailable(failure.message, hint=failure.hint)


_pool = ConnectionPool()


def get(uri: str, *, timeout: float = 5.0) -> LibvirtHypervisor:
    """Return this process's shared connection to `uri`. Nobody closes it: it is everybody's."""
    return _pool.get(uri, timeout=timeout)


def forget(uri: str) -> None:
    _pool.forget(uri)

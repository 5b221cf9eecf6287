"""One connection to one host: opened within a deadline, watched over, and given up as a whole when it fails."""

from __future__ import annotations

import functools
import inspect
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

import libvirt

from console.virt.errors import HostUnavailable
from console.virt.libvirt_driver import events
from console.virt.libvirt_driver.errors import complaint_of, translate
from console.virt.libvirt_driver.line import DeadlinePassed, Line, Task, in_background
from console.virt.libvirt_driver.probe import host_of, probe
from console.virt.port import Event, EventKind, EventSink

T = TypeVar("T")
P = ParamSpec("P")

KEEPALIVE_INTERVAL_SECONDS = 2
KEEPALIVE_COUNT = 2
"""A host that hangs is noticed after interval x (count + 1) = 6 seconds; pending calls fail at that moment."""


class Connection:
    """A live libvirt connection with its worker threads and watchers. Once broken it stays broken: open a new one."""

    def __init__(self, uri: str, raw: libvirt.virConnect) -> None:
        self.uri = uri
        self.host = host_of(uri)
        self.raw = raw
        self._pid = os.getpid()
        self._line = Line(self.host)
        self._lock = threading.Lock()
        self._sinks: list[EventSink] = []
        self._callbacks: list[int] = []
        self._end = ""
        # Drivers without a daemon (test:///) know neither keep-alive nor a close callback.
        with suppress(libvirt.libvirtError):
            raw.setKeepAlive(KEEPALIVE_INTERVAL_SECONDS, KEEPALIVE_COUNT)
        with suppress(libvirt.libvirtError):
            raw.registerCloseCallback(_on_close, self)

    @property
    def usable(self) -> bool:
        return not self._end and self._pid == os.getpid()

    def run(self, work: Callable[[], T], *, attempt: str, seconds: float) -> T:
        """Do `work` within `seconds`. A time-out or a lost line ends the connection for everybody."""
        self._check_usable(attempt)
        try:
            return self._line.run(work, seconds=seconds)
        except DeadlinePassed:
            self.give_up(f"no answer within {seconds:g} s")
            raise HostUnavailable(
                f"{self.host} did not {attempt} within {seconds:g} s",
                hint="Check the load on the host and libvirtd's log.",
            ) from None
        except libvirt.libvirtError as error:
            if complaint_of(error).connection_lost:
                self.give_up(complaint_of(error).words)
            raise translate(error, host=self.host, attempt=attempt) from error

    def _check_usable(self, attempt: str) -> None:
        if self._pid != os.getpid():
            raise HostUnavailable(f"The connection to {self.host} belongs to the process that this one was forked from")
        if self._end:
            raise HostUnavailable(f"{self.host} cannot {attempt}: the connection is gone ({self._end})")

    def watch(self, sink: EventSink) -> None:
        with self._lock:
            if self._end:
                raise HostUnavailable(f"{self.host} cannot be watched: the connection is gone ({self._end})")
            if sink not in self._sinks:
                self._sinks.append(sink)
            registered = bool(self._callbacks)
        if not registered:
            self._register_events()

    def give_up(self, reason: str) -> None:
        """Mark the connection broken and tell the watchers, once. Closing may block: it is done in the background."""
        with self._lock:
            if self._end:
                return
            self._end = reason
            sinks, self._sinks = self._sinks, []
        for sink in sinks:
            sink(Event(EventKind.CLOSED, detail=reason))
        self._line.close()
        in_background(self._dispose, f"libvirt close {self.host}")

    def _dispose(self) -> None:
        for callback in self._callbacks:
            with suppress(libvirt.libvirtError):
                self.raw.domainEventDeregisterAny(callback)
        with suppress(libvirt.libvirtError):
            self.raw.unregisterCloseCallback()
        with suppress(libvirt.libvirtError):
            self.raw.close()

    def _register_events(self) -> None:
        register = self.raw.domainEventRegisterAny
        self._callbacks.append(register(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, _on_lifecycle, self))
        for kind, callback in (
            (libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, _on_reboot),
            (libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, _on_metadata),
        ):
            with suppress(libvirt.libvirtError):
                self._callbacks.append(register(None, kind, callback, self))

    def emit(self, uuid: str, detail: str) -> None:
        event = Event(EventKind.DOMAIN, uuid=uuid, detail=detail)
        for sink in tuple(self._sinks):
            sink(event)


def _on_close(_raw: libvirt.virConnect, _reason: int, connection: Connection) -> None:
    connection.give_up("the host closed it")


def _on_lifecycle(_raw: Any, domain: libvirt.virDomain, event: int, _detail: int, connection: Connection) -> None:
    connection.emit(domain.UUIDString(), events.LIFECYCLE.get(event, "changed"))


def _on_reboot(_raw: Any, domain: libvirt.virDomain, connection: Connection) -> None:
    connection.emit(domain.UUIDString(), "rebooted")


def _on_metadata(_raw: Any, domain: libvirt.virDomain, _kind: int, _uri: str, connection: Connection) -> None:
    connection.emit(domain.UUIDString(), "metadata changed")


# --- opening ----------------------------------------------------------------------------------------------------------

_opening: dict[tuple[int, str], Task] = {}
_opening_lock = threading.Lock()


def open_connection(uri: str, *, timeout: float) -> Connection:
    """Connect within `timeout` seconds or raise HostUnavailable."""
    deadline = time.monotonic() + timeout
    events.ensure_event_loop()
    probe(uri, timeout=timeout)
    while True:
        task = _opening_of(uri)
        raw = _await_opening(uri, task, seconds=max(0.0, deadline - time.monotonic()), timeout=timeout)
        # Two callers may have waited for one attempt: the first takes its connection, the other opens its own.
        if _claim(uri, task):
            return Connection(uri, raw)


def _await_opening(uri: str, task: Task, *, seconds: float, timeout: float) -> libvirt.virConnect:
    try:
        return task.wait(seconds)
    except DeadlinePassed:
        raise HostUnavailable(
            f"{host_of(uri)} accepts connections, but libvirt did not answer within {timeout:g} s",
            hint="Check the load on the host and libvirtd's log; restart libvirtd if it hangs (guests live on).",
        ) from None
    except libvirt.libvirtError as error:
        _claim(uri, task)
        # Whatever libvirt's reason is, without a connection the host is not available to us.
        refusal = translate(error, host=host_of(uri), attempt="take a connection")
        raise HostUnavailable(refusal.message, hint=refusal.hint) from error


def _opening_of(uri: str) -> Task:
    """Return the attempt that is under way, or start one: a hung host costs one thread, however often it is tried."""
    key = (os.getpid(), uri)
    with _opening_lock:
        task = _opening.get(key)
        if task is None:
            task = _opening[key] = in_background(lambda: libvirt.open(uri), f"libvirt open {uri}")
        return task


def _claim(uri: str, task: Task) -> bool:
    key = (os.getpid(), uri)
    with _opening_lock:
        if _opening.get(key) is not task:
            return False
        del _opening[key]
        return True


# --- what the modules per noun build on -------------------------------------------------------------------------------


class Driver:
    """The base of every part of the driver: it has a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _raw(self) -> libvirt.virConnect:
        return self._connection.raw


D = TypeVar("D", bound=Driver)


def call(attempt: str, *, seconds: float) -> Callable[[Callable[Concatenate[D, P], T]], Callable[Concatenate[D, P], T]]:
    """Make a method a public call of at most `seconds`. `attempt` tells it in words; {names} are its arguments."""

    def decorate(method: Callable[Concatenate[D, P], T]) -> Callable[Concatenate[D, P], T]:
        signature = inspect.signature(method)

        @functools.wraps(method)
        def limited(driver: D, /, *arguments: P.args, **named: P.kwargs) -> T:
            words = attempt
            if "{" in attempt:
                words = attempt.format_map(signature.bind(driver, *arguments, **named).arguments)
            return driver._connection.run(
                functools.partial(method, driver, *arguments, **named), attempt=words, seconds=seconds
            )

        return limited

    return decorate

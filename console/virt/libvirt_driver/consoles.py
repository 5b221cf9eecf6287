"""Serial consoles and screens."""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import libvirt

from console.virt.errors import HostUnavailable, Refused
from console.virt.libvirt_driver.connection import Connection, Driver, call
from console.virt.libvirt_driver.errors import translate
from console.virt.libvirt_driver.line import in_background
from console.virt.libvirt_driver.probe import is_local
from console.virt.port import ConsoleStream
from console.virt.xml import domain_facts

CHUNK = 64 * 1024
CHUNKS_AHEAD = 64
"""How much output may wait for a slow reader before the stream is left unread (at most 4 MiB)."""

SEND_SECONDS = 10.0
SEND_PAUSE_SECONDS = 0.005
WOULD_BLOCK = -2
_ANY = {"", "0.0.0.0", "::", "127.0.0.1", "::1"}  # noqa: S104 - compared with, never listened on


class SerialStream:
    """A console over libvirt's RPC. The event thread feeds a queue, so one thread may read while another writes."""

    def __init__(self, connection: Connection, stream: libvirt.virStream, words: str) -> None:
        self._connection = connection
        self._stream = stream
        self._words = words
        self._output: queue.Queue[bytes] = queue.Queue()
        self._lock = threading.Lock()
        self._reading = True
        self._closed = False
        self._stream.eventAddCallback(_WANTED, _on_stream, self)

    def recv(self) -> bytes:
        data = self._output.get()
        if not data:
            # Everybody who asks after the end gets the same answer.
            self._output.put(b"")
            return b""
        self._resume_reading()
        return data

    def send(self, data: bytes) -> None:
        deadline = time.monotonic() + SEND_SECONDS
        while data:
            sent = self._send_some(data)
            if sent == WOULD_BLOCK:
                if time.monotonic() > deadline:
                    raise HostUnavailable(f"{self._connection.host} did not {self._words} within {SEND_SECONDS:g} s")
                time.sleep(SEND_PAUSE_SECONDS)
                continue
            data = data[sent:]

    def _send_some(self, data: bytes) -> int:
        with self._lock:
            if self._closed:
                raise Refused(f"{self._connection.host} cannot {self._words}: the console is closed")
            try:
                return int(self._stream.send(data))
            except libvirt.libvirtError as error:
                raise translate(error, host=self._connection.host, attempt=self._words) from error

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with suppress(libvirt.libvirtError):
                self._stream.eventRemoveCallback()
        self._output.put(b"")
        # This asks the host. The event thread of all hosts takes the lock, so it must not be held meanwhile.
        with suppress(libvirt.libvirtError):
            self._stream.abort()

    def take_output(self, happened: int) -> None:
        """Runs on the event thread. Take what is there, up to the reader's backlog."""
        with self._lock:
            if self._closed or not self._reading:
                return
            ended = not self._take_all()
            if self._output.qsize() >= CHUNKS_AHEAD and not ended:
                self._reading = False
                self._stream.eventUpdateCallback(_BROKEN)
        if ended or happened & _BROKEN:
            # Closing asks the host, and the event thread of all hosts must not wait for one of them.
            in_background(self.close, "libvirt console end")

    def _take_all(self) -> bool:
        while self._output.qsize() < CHUNKS_AHEAD:
            try:
                data = self._stream.recv(CHUNK)
            except libvirt.libvirtError:
                return False
            if data == WOULD_BLOCK:
                return True
            if not data:
                return False
            self._output.put(data)
        return True

    def _resume_reading(self) -> None:
        with self._lock:
            if self._reading or self._closed or self._output.qsize() > CHUNKS_AHEAD // 2:
                return
            self._reading = True
            with suppress(libvirt.libvirtError):
                self._stream.eventUpdateCallback(_WANTED)


_BROKEN = libvirt.VIR_STREAM_EVENT_ERROR | libvirt.VIR_STREAM_EVENT_HANGUP
_WANTED = libvirt.VIR_STREAM_EVENT_READABLE | _BROKEN


def _on_stream(_stream: libvirt.virStream, happened: int, console: SerialStream) -> None:
    console.take_output(happened)


class Consoles(Driver):
    @call("open the serial console of domain {uuid}", seconds=15)
    def console_open(self, uuid: str) -> ConsoleStream:
        domain = self._raw.lookupByUUIDString(uuid)
        stream = self._raw.newStream(libvirt.VIR_STREAM_NONBLOCK)
        # FORCE: the person who opens it now gets it; a forgotten tab must not keep everybody out.
        domain.openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
        return SerialStream(self._connection, stream, f"pass the console of {domain.name()} on")

    @call("open the screen of domain {uuid}", seconds=15)
    def graphics_socket(self, uuid: str) -> socket.socket:
        domain = self._raw.lookupByUUIDString(uuid)
        screen = domain_facts.parse_graphics(domain.XMLDesc())
        if screen is None:
            raise Refused(f"Domain {domain.name()} has no VNC screen")
        if screen.port is not None:
            return self._connect_to(screen.address, screen.port, domain.name())
        if not is_local(self._connection.uri):
            raise Refused(
                f"The screen of domain {domain.name()} has no listening address, and {self._connection.host} is remote",
                hint="Give the host a console address in its settings and restart the guest.",
            )
        # No SKIPAUTH: a screen with a password keeps asking for it.
        return socket.socket(fileno=domain.openGraphicsFD(0))

    def _connect_to(self, address: str, port: int, name: str) -> socket.socket:
        host = urlsplit(self._connection.uri).hostname
        # An address that means "here" means the host, as seen from us.
        target = host or "127.0.0.1" if address in _ANY else address
        try:
            connected = socket.create_connection((target, port), timeout=10)
        except OSError as error:
            raise HostUnavailable(
                f"The screen of domain {name} does not answer at {target}:{port}: {error}",
                hint="Check that the host's console address can be reached from here.",
            ) from error
        connected.settimeout(None)
        return connected

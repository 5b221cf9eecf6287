"""The consoles of a fake host's guests."""

from __future__ import annotations

import queue
import socket
import threading


class EchoStream:
    """A serial console whose guest repeats what it is told."""

    def __init__(self) -> None:
        self._output: queue.Queue[bytes] = queue.Queue()

    def recv(self) -> bytes:
        data = self._output.get()
        if not data:
            self._output.put(b"")
        return data

    def send(self, data: bytes) -> None:
        if data:
            self._output.put(data)

    def close(self) -> None:
        self._output.put(b"")


def greeting_screen() -> socket.socket:
    """Return the viewer's end of a VNC connection whose guest says hello and then only listens."""
    ours, theirs = socket.socketpair()
    ours.sendall(b"RFB 003.008\n")
    # The guest's end must outlive this call.
    threading.Thread(target=_drain, args=(ours,), daemon=True).start()
    return theirs


def _drain(end: socket.socket) -> None:
    with end:
        while end.recv(4096):
            pass

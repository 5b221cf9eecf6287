"""The thread that hears all hosts must not wait for one of them."""

from __future__ import annotations

import queue
import threading
from typing import Any

from console.virt.libvirt_driver.connection import Connection
from console.virt.libvirt_driver.consoles import SerialStream


class _Stream:
    """A libvirt stream of a host that hangs."""

    def __init__(self) -> None:
        self.aborting, self.answered = threading.Event(), threading.Event()

    def eventAddCallback(self, *_args: Any) -> None: ...

    def eventRemoveCallback(self) -> None: ...

    def abort(self) -> None:
        self.aborting.set()
        self.answered.wait(10)


def test_closing_a_console_of_a_host_that_hangs_does_not_hold_up_the_events() -> None:
    stream = _Stream()
    console = SerialStream(None, stream, "pass on")  # type: ignore[arg-type]
    closing = threading.Thread(target=console.close)
    closing.start()
    assert stream.aborting.wait(5)
    event = threading.Thread(target=console.take_output, args=(1,), daemon=True)
    event.start()
    event.join(2)
    waited = event.is_alive()
    stream.answered.set()
    closing.join(5)
    assert not waited
    assert console.recv() == b""


def test_watching_again_with_the_same_sink_hears_each_event_once() -> None:
    connection = Connection.__new__(Connection)
    connection._lock, connection._end, connection._callbacks = threading.Lock(), "", [1]
    connection._sinks = []
    heard: queue.Queue[Any] = queue.Queue()
    for _time in range(2):
        connection.watch(heard.put)
    connection.emit("some-uuid", "started")
    assert heard.qsize() == 1

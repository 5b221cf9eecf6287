"""Calls with a deadline. libvirt's have none, so they run on threads that a caller can stop waiting for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

IDLE_WORKERS = 4


class DeadlinePassed(Exception):
    """The call is still running, but nobody waits for it any more."""


class Task:
    """One call and its outcome."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, whole
            self._error = error
        self._done.set()

    def wait(self, seconds: float) -> Any:
        if not self._done.wait(seconds):
            raise DeadlinePassed
        if self._error is not None:
            raise self._error
        return self._result


class Line:
    """Worker threads of one connection. They are daemons: a call that hangs for ever must not keep a process alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0
        self._closed = False
        self._here = threading.local()

    def run(self, work: Callable[[], T], *, seconds: float) -> T:
        """Return what `work` returns; DeadlinePassed after `seconds`. A worker that calls again goes on by itself."""
        if getattr(self._here, "worker", False):
            return work()
        task = Task(work)
        with self._lock:
            if self._free == 0:
                threading.Thread(target=self._serve, name=f"libvirt {self._name}", daemon=True).start()
            else:
                self._free -= 1
        self._tasks.put(task)
        result: T = task.wait(seconds)
        return result

    def close(self) -> None:
        """Let the idle workers go; busy ones go when their call ends."""
        with self._lock:
            idle, self._free, self._closed = self._free, 0, True
        for _ in range(idle):
            self._tasks.put(None)

    def _serve(self) -> None:
        self._here.worker = True
        while (task := self._tasks.get()) is not None:
            task.run()
            # Let go of the call's objects before the next one comes: a connection must not live on in a local variable.
            del task
            with self._lock:
                if self._closed or self._free >= IDLE_WORKERS:
                    return
                self._free += 1


def in_background(work: Callable[[], Any], name: str) -> Task:
    """Start `work` on a thread of its own and return its task."""
    task = Task(work)
    threading.Thread(target=task.run, name=name, daemon=True).start()
    return task

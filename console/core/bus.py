"""Thin events out of a process, without ever making the caller wait.

What is sent are ids and kinds, never content: a reader selects again within its own scope. Events are hints. When Redis
is away they are dropped with one log line, and sweeps, full comparisons and periodic refreshes make up for them.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import threading
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.db import transaction

log = structlog.get_logger(__name__)

FLEET_GROUP = "fleet"
_QUEUE_LIMIT = 10_000


def project_group(project_id: uuid.UUID) -> str:
    """The channel group that all sockets of a project listen to."""
    return f"project.{project_id.hex}"


def sample_group(instance_id: uuid.UUID) -> str:
    """The channel group of one instance's samples: only tabs that show its charts listen."""
    return f"samples.{instance_id.hex}"


def publish(kind: str, object_id: uuid.UUID, *, project_id: uuid.UUID | None, created: bool = False) -> None:
    """Tell the project's pages and the fleet's, after commit, that an object changed.

    `kind` is the model's name, e.g. `instance`.
    """
    message = {"type": "object.changed", "kind": kind, "id": str(object_id), "created": created}
    if project_id is not None:
        message["project"] = str(project_id)
    groups = [FLEET_GROUP] if project_id is None else [project_group(project_id), FLEET_GROUP]
    transaction.on_commit(lambda: send(groups, message))


def send(groups: list[str], message: dict[str, Any]) -> None:
    """Hand a message to the outbox now."""
    _outbox().put(lambda loop: loop.run_until_complete(_group_send(groups, message)))


def later(job: Callable[[], Any]) -> None:
    """Run a short job that may touch Redis on the outbox thread, after commit."""
    transaction.on_commit(lambda: _outbox().put(lambda _loop: job()))


def flush(timeout: float = 2.0) -> bool:
    """Wait until all that was put so far has been sent; False when time ran out."""
    done = threading.Event()
    _outbox().put(lambda _loop: done.set())
    return done.wait(timeout)


async def _group_send(groups: list[str], message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    for group in groups:
        await layer.group_send(group, message)


class _Outbox(threading.Thread):
    """One thread and one event loop a process, so that connections to Redis are kept."""

    def __init__(self) -> None:
        super().__init__(name="outbox", daemon=True)
        self.pid = os.getpid()
        self._jobs: queue.Queue[Callable[[asyncio.AbstractEventLoop], Any]] = queue.Queue(_QUEUE_LIMIT)
        self._failing = False

    def put(self, job: Callable[[asyncio.AbstractEventLoop], Any]) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            log.warning("outbox_full")

    def run(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        while True:
            self._attempt(self._jobs.get(), loop)

    def _attempt(self, job: Callable[[asyncio.AbstractEventLoop], Any], loop: asyncio.AbstractEventLoop) -> None:
        try:
            job(loop)
            self._failing = False
        except Exception as error:  # noqa: BLE001 - whatever a broker client raises, the outbox must live on
            if not self._failing:
                log.warning("outbox_failed", error=repr(error))
            self._failing = True


_lock = threading.Lock()
_current: _Outbox | None = None


def _outbox() -> _Outbox:
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _Outbox()
            _current.start()
            atexit.register(flush, 1.0)
        return _current

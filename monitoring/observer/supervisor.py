"""Keeps one watcher alive for each enrolled host."""

from __future__ import annotations

import threading
import uuid

import structlog
from django.db import DatabaseError, close_old_connections

from console.fleet.models.hosts import Host
from monitoring.observer.watcher import Watcher

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0


class Supervisor:
    """Starts watchers for hosts that come, ends those of hosts that go, and replaces any that died."""

    def __init__(self) -> None:
        self._watchers: dict[uuid.UUID, Watcher] = {}
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopping.set()

    def run(self) -> None:
        """Supervise until told to stop."""
        while not self._stopping.is_set():
            try:
                close_old_connections()
                self._look()
            except DatabaseError as error:
                log.warning("hosts_unreadable", error=repr(error))
            self._stopping.wait(LOOK_SECONDS)
        for watcher in self._watchers.values():
            watcher.stop()

    def _look(self) -> None:
        wanted = set(Host.unscoped.filter(enrolled=True).values_list("pk", flat=True))
        for host_id in set(self._watchers) - wanted:
            self._watchers.pop(host_id).stop()
        for host_id in wanted:
            watcher = self._watchers.get(host_id)
            if watcher is None or not watcher.is_alive():
                self._watchers[host_id] = Watcher(host_id)
                self._watchers[host_id].start()

"""Claiming an operation, keeping it, and writing to it only while it is ours."""

from __future__ import annotations

import datetime
import threading
import time
import uuid
from typing import Any

import structlog
from django.db import close_old_connections, transaction
from django.db.models import F, Q
from django.utils import timezone

from console.core.bus import publish
from console.operations import holders
from console.operations.models.operations import ACTIVE, Operation, State

log = structlog.get_logger(__name__)

LEASE = datetime.timedelta(seconds=30)
HEARTBEAT = 8.0
LANE_WIDTH = 6
"""How many operations run on one host at a time. Fewer make a burst of creates slower, measured: they prepare disks
side by side before the first guests take the processors. The worker has threads for more than two lanes, so that a host
that hangs cannot hold them all."""


class LostLease(Exception):
    """Another runner holds the operation now; this one must stop without another write."""


def runnable(now: datetime.datetime) -> Q:
    """Operations that somebody should take up: queued and due, or held by a runner that fell silent."""
    due = Q(not_before=None) | Q(not_before__lte=now)
    return Q(state__in=ACTIVE) & ((Q(lease_until=None) & due) | Q(lease_until__lt=now))


def claim(operation_id: uuid.UUID) -> Operation | None:
    """Take an operation, or None if it is done, taken, not due, or its lane is full.

    The count and the update stand in one transaction; databases that let writers run side by side serialise them on the
    oldest active row of the lane.
    """
    now = timezone.now()
    with transaction.atomic():
        wanted = Operation.unscoped.filter(pk=operation_id).only("lane", "state").first()
        if wanted is None or (wanted.lane and _lane_full(wanted.lane, operation_id, now)):
            return None
        taken = Operation.unscoped.filter(runnable(now), pk=operation_id).update(
            attempt=F("attempt") + 1, lease_until=now + LEASE, holder=holders.me(), not_before=None
        )
        if not taken:
            return None
        Operation.unscoped.filter(pk=operation_id, state=State.QUEUED).update(state=State.RUNNING)
        Operation.unscoped.filter(pk=operation_id, started_at=None).update(started_at=now)
        operation: Operation = Operation.unscoped.get(pk=operation_id)
        publish("operation", operation.pk, project_id=operation.project_id)
    return operation


def _lane_full(lane: str, operation_id: uuid.UUID, now: datetime.datetime) -> bool:
    active = Operation.unscoped.filter(lane=lane, state__in=ACTIVE)
    active.order_by("created_at").select_for_update().values_list("pk").first()
    return active.exclude(pk=operation_id).filter(lease_until__gte=now).count() >= LANE_WIDTH


def take_from_the_dead() -> int:
    """End the leases of processes of this machine that are gone, so that nobody waits until they run out."""
    held = Operation.unscoped.filter(state__in=ACTIVE, lease_until__gte=timezone.now()).exclude(holder="")
    dead = [holder for holder in held.values_list("holder", flat=True).distinct() if holders.is_known_dead(holder)]
    return held.filter(holder__in=dead).update(lease_until=timezone.now()) if dead else 0


def write(operation: Operation, **values: Any) -> None:
    """Change the row if it is still ours, and tell the pages. LostLease if it is not."""
    with transaction.atomic():
        changed = Operation.unscoped.filter(pk=operation.pk, attempt=operation.attempt, state__in=ACTIVE).update(
            updated_at=timezone.now(), **values
        )
        if not changed:
            raise LostLease(str(operation.pk))
        for name, value in values.items():
            if not hasattr(value, "resolve_expression"):
                setattr(operation, name, value)
        publish("operation", operation.pk, project_id=operation.project_id)


class Heartbeat:
    """Extends the leases of all that runs in this process, from one thread."""

    def __init__(self) -> None:
        self._held: dict[uuid.UUID, int] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def hold(self, operation: Operation) -> None:
        with self._lock:
            self._held[operation.pk] = operation.attempt
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                self._thread.start()

    def release(self, operation: Operation) -> None:
        with self._lock:
            # A later attempt in this process may hold it by now.
            if self._held.get(operation.pk) == operation.attempt:
                del self._held[operation.pk]

    def _beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT)
            with self._lock:
                held = dict(self._held)
            for operation_id, attempt in held.items():
                self._extend(operation_id, attempt)

    def _extend(self, operation_id: uuid.UUID, attempt: int) -> None:
        try:
            close_old_connections()
            held = Operation.unscoped.filter(pk=operation_id, attempt=attempt, state__in=ACTIVE)
            held.exclude(lease_until=None).update(lease_until=timezone.now() + LEASE)
        except Exception as error:  # noqa: BLE001 - a missed beat is made up by the next one
            log.warning("heartbeat_failed", operation=str(operation_id), error=repr(error))


heartbeat = Heartbeat()

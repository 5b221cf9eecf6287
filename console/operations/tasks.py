"""What Celery runs. A task is a wake-up call; the rows say what is to be done."""

from __future__ import annotations

import datetime
import uuid
from collections import Counter

from celery import shared_task
from django.db import close_old_connections
from django.utils import timezone

from console.identity.models.audit import AnsweredRequest
from console.operations import leases, runner
from console.operations.models.operations import Operation
from console.operations.services.operations import RUN_TASK, wake

ANSWERS_KEPT = datetime.timedelta(days=2)
_SWEEP_LIMIT = 200


@shared_task(name=RUN_TASK, acks_late=True, ignore_result=True)
def run_operation(operation_id: str) -> None:
    """Run an operation if it can be claimed, then wake what waits in the same lane."""
    close_old_connections()
    try:
        operation = runner.run(uuid.UUID(operation_id))
        if operation is not None and operation.lane:
            wake_lane(operation.lane)
    finally:
        close_old_connections()


def wake_lane(lane: str) -> None:
    """Wake as many waiting operations of a lane as may run at a time."""
    waiting = Operation.unscoped.filter(leases.runnable(timezone.now()), lane=lane).order_by("created_at")
    for operation_id in waiting.values_list("pk", flat=True)[: leases.LANE_WIDTH]:
        wake(operation_id)


@shared_task(name="operations.sweep", ignore_result=True)
def sweep() -> int:
    """Wake what is due and that nobody holds. Answers how many. Runs every few seconds, so nothing is ever lost.

    Of each lane only as many as may run at a time: the long queue of a host that hangs must not hide the others.
    """
    close_old_connections()
    leases.take_from_the_dead()
    due = Operation.unscoped.filter(leases.runnable(timezone.now())).order_by("created_at")
    ids: list[uuid.UUID] = []
    lanes: Counter[str] = Counter()
    for operation_id, lane in due.values_list("pk", "lane"):
        lanes[lane] += 1
        if not lane or lanes[lane] <= leases.LANE_WIDTH:
            ids.append(operation_id)
    for operation_id in ids[:_SWEEP_LIMIT]:
        wake(operation_id)
    return len(ids[:_SWEEP_LIMIT])


@shared_task(name="operations.tidy", ignore_result=True)
def tidy() -> None:
    """Forget idempotency keys that no client will repeat any more."""
    AnsweredRequest.unscoped.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()

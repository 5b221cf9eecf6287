"""Nobody's work waits behind a host that hangs, and a lease is its holder's alone."""

from __future__ import annotations

import uuid

import pytest

from console.operations import leases, tasks
from console.operations.context import Context
from console.operations.leases import Heartbeat
from console.operations.models.operations import Operation
from tests.unit.operations.conftest import Kind

pytestmark = pytest.mark.django_db


def nothing(_context: Context) -> None:
    """A step that is done at once."""


def test_a_long_queue_of_one_host_hides_no_other_from_the_sweep(
    operation_of: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowded = uuid.uuid4()
    first = operation_of(nothing, lane=crowded)
    Operation.unscoped.bulk_create(
        Operation(kind=first.kind, target_type="thing", target_id=uuid.uuid4(), lane=str(crowded)) for _n in range(250)
    )
    alone = operation_of(nothing, lane=uuid.uuid4())
    without = operation_of(nothing)
    woken: list[uuid.UUID] = []
    monkeypatch.setattr(tasks, "wake", woken.append)
    tasks.sweep()
    assert {first.pk, alone.pk, without.pk} <= set(woken)
    assert len(woken) <= leases.LANE_WIDTH + 2


def test_an_attempt_that_lost_its_lease_does_not_let_go_of_the_next_ones(
    operation_of: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = operation_of(nothing)
    older, newer = (Operation.unscoped.get(pk=operation.pk) for _n in range(2))
    older.attempt, newer.attempt = 1, 2
    heartbeat = Heartbeat()
    monkeypatch.setattr(heartbeat, "_beat", lambda: None)
    heartbeat.hold(older)
    heartbeat.hold(newer)
    heartbeat.release(older)
    assert heartbeat._held == {operation.pk: 2}
    heartbeat.release(newer)
    assert heartbeat._held == {}

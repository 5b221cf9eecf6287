"""One runner at a time, a few in a lane, and no write by a runner that lost its lease."""

from __future__ import annotations

import datetime
import time
import uuid

import pytest
from django.utils import timezone

from console.operations import leases, runner, tasks
from console.operations.context import Context, NotYet
from console.operations.leases import LANE_WIDTH, Heartbeat, LostLease, claim
from console.operations.models.operations import Operation, OperationStep, State
from tests.unit.operations.conftest import Kind, due_now
from tests.unit.threads import at_once


def nothing(_context: Context) -> None:
    """A step that is done at once."""


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_exclusive(operation_of: Kind) -> None:
    operation = operation_of(nothing)
    claimed = at_once(*[lambda: claim(operation.pk)] * 8)
    assert sum(isinstance(answer, Operation) for answer in claimed) == 1
    assert claimed.count(None) == 7
    operation.refresh_from_db()
    assert (operation.attempt, operation.state) == (1, State.RUNNING)
    assert operation.lease_until is not None and operation.lease_until > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_lane_is_never_overrun(operation_of: Kind) -> None:
    lane = uuid.uuid4()
    operations = [operation_of(nothing, lane=lane) for _n in range(8)]
    claimed = at_once(*[lambda pk=operation.pk: claim(pk) for operation in operations])
    assert sum(isinstance(answer, Operation) for answer in claimed) == LANE_WIDTH
    elsewhere = operation_of(nothing, lane=uuid.uuid4())
    assert claim(elsewhere.pk) is not None


@pytest.mark.django_db
def test_a_place_in_the_lane_is_free_again_when_a_runner_falls_silent(operation_of: Kind) -> None:
    lane = uuid.uuid4()
    operations = [operation_of(nothing, lane=lane) for _n in range(LANE_WIDTH + 1)]
    for operation in operations[:-1]:
        assert claim(operation.pk) is not None
    assert claim(operations[-1].pk) is None
    Operation.unscoped.filter(pk=operations[0].pk).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    assert claim(operations[-1].pk) is not None


@pytest.mark.django_db
def test_what_is_not_due_ended_or_held_cannot_be_claimed(operation_of: Kind) -> None:
    waiting, ended, held = operation_of(nothing), operation_of(nothing), operation_of(nothing)
    Operation.unscoped.filter(pk=waiting.pk).update(not_before=timezone.now() + datetime.timedelta(minutes=1))
    runner.run(ended.pk)
    assert claim(held.pk) is not None
    assert [claim(operation.pk) for operation in (waiting, ended, held)] == [None, None, None]
    assert claim(uuid.uuid4()) is None


@pytest.mark.django_db
def test_a_stale_runner_can_write_nothing(operation_of: Kind) -> None:
    operation = operation_of(nothing)
    stale = claim(operation.pk)
    due_now(operation)
    fresh = claim(operation.pk)
    assert stale is not None and fresh is not None and fresh.attempt == stale.attempt + 1
    with pytest.raises(LostLease):
        leases.write(stale, progress=50)
    leases.write(fresh, progress=10)
    operation.refresh_from_db()
    assert operation.progress == 10


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["returns", "raises", "notes"])
def test_a_runner_that_was_overtaken_stops_without_a_trace(operation_of: Kind, end: str) -> None:
    done: list[str] = []

    def overtaken(context: Context) -> None:
        due_now(context.operation)
        successor = claim(context.operation.pk)
        assert successor is not None
        leases.write(successor, step="theirs", progress=7)
        if end == "raises":
            raise ValueError("late")
        if end == "notes":
            OperationStep.objects.filter(operation=context.operation).update(attempt=successor.attempt)
            context.note("mine")

    operation = operation_of(overtaken, lambda _context: done.append("second"))
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.step, operation.progress, operation.attempt) == ("running", "theirs", 7, 2)
    assert not operation.undoing and operation.error_message == ""
    assert done == []
    (line,) = OperationStep.objects.filter(operation=operation)
    assert (line.state, line.note) == ("running", "")


@pytest.mark.django_db
def test_a_heartbeat_extends_its_own_lease_only(operation_of: Kind) -> None:
    operation = operation_of(nothing)
    held = claim(operation.pk)
    assert held is not None
    soon = timezone.now() + datetime.timedelta(seconds=3)
    Operation.unscoped.filter(pk=operation.pk).update(lease_until=soon)
    heartbeat = Heartbeat()
    heartbeat._extend(operation.pk, held.attempt - 1)
    operation.refresh_from_db()
    assert operation.lease_until == soon
    heartbeat._extend(operation.pk, held.attempt)
    operation.refresh_from_db()
    assert operation.lease_until is not None and operation.lease_until > soon


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_beats_while_a_step_runs(operation_of: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0.05)
    monkeypatch.setattr(leases, "heartbeat", Heartbeat())
    leases_seen = set()

    def slow(context: Context) -> None:
        for _look in range(40):
            leases_seen.add(Operation.unscoped.get(pk=context.operation.pk).lease_until)
            if len(leases_seen) >= 3:
                return
            time.sleep(0.05)

    operation = operation_of(slow)
    runner.run(operation.pk)
    assert len(leases_seen) >= 3
    assert leases.heartbeat._held == {}


@pytest.mark.django_db
def test_the_sweep_wakes_what_is_due_and_nothing_else(operation_of: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    minute = datetime.timedelta(minutes=1)
    names = ("queued", "due", "expired", "cancelling", "waiting", "held", "ended")
    operations = {name: operation_of(nothing) for name in names}

    def put(name: str, **values: object) -> None:
        Operation.unscoped.filter(pk=operations[name].pk).update(**values)

    put("due", state=State.RUNNING, not_before=now - minute)
    put("expired", state=State.RUNNING, lease_until=now - minute)
    put("cancelling", state=State.CANCELLING)
    put("waiting", state=State.RUNNING, not_before=now + minute)
    put("held", state=State.RUNNING, lease_until=now + minute)
    put("ended", state=State.FAILED)
    woken: list[uuid.UUID] = []
    monkeypatch.setattr(tasks, "wake", woken.append)
    assert tasks.sweep() == 4
    assert {name for name, operation in operations.items() if operation.pk in woken} == {
        "queued",
        "due",
        "expired",
        "cancelling",
    }


@pytest.mark.django_db
def test_the_end_of_one_wakes_the_next_of_its_lane(operation_of: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = uuid.uuid4()
    first, second, _elsewhere = (
        operation_of(nothing, lane=lane),
        operation_of(nothing, lane=lane),
        operation_of(nothing),
    )
    woken: list[uuid.UUID] = []
    monkeypatch.setattr(tasks, "wake", woken.append)
    tasks.run_operation(str(first.pk))
    assert woken == [second.pk]


@pytest.mark.django_db
def test_not_yet_hands_the_operation_back(operation_of: Kind) -> None:
    looks: list[int] = []

    def not_yet(_context: Context) -> None:
        looks.append(1)
        if len(looks) < 3:
            raise NotYet(5)

    operation = operation_of(not_yet)
    for _look in range(2):
        runner.run(operation.pk)
        operation.refresh_from_db()
        assert (operation.state, operation.lease_until, operation.tries) == (State.RUNNING, None, 0)
        assert operation.not_before is not None
        assert 3 < (operation.not_before - timezone.now()).total_seconds() <= 5
        assert claim(operation.pk) is None
        due_now(operation)
    runner.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, len(looks)) == (State.SUCCEEDED, 3)

"""How operations end: well, refused, crashed, given up, or never known."""

from __future__ import annotations

import datetime

import pytest
from django.db import OperationalError
from django.utils import timezone
from kombu import Connection

from console.core import bus
from console.core.errors import Conflict
from console.identity.models.audit import AuditEvent
from console.operations import runner, tasks
from console.operations.context import Context
from console.operations.models.operations import Operation, OperationStep, State
from console.operations.registry import Step
from console.operations.services.operations import RUN_TASK, operation_retry, wake, wake_waiting
from console.virt.errors import HostUnavailable, Refused
from tests import factories
from tests.unit.operations.conftest import Kind, again, due_now, to_the_end

pytestmark = pytest.mark.django_db


def nothing(_context: Context) -> None:
    """A step that is done at once."""


def refuse(_context: Context) -> None:
    raise Refused("no room", hint="make some")


def journal(operation: Operation) -> dict[str, str]:
    return dict(OperationStep.objects.filter(operation=operation).values_list("name", "state"))


def test_a_good_end(operation_of: Kind) -> None:
    ends: list[str] = []
    operation = again(
        operation_of(
            nothing,
            nothing,
            succeeded=lambda _context: ends.append("succeeded"),
            failed=lambda _context: ends.append("failed"),
            settled=lambda _context: ends.append("settled"),
        )
    )
    assert (operation.state, operation.percent, operation.lease_until) == (State.SUCCEEDED, 100, None)
    assert ends == ["succeeded", "settled"]
    assert journal(operation) == {"step1": "done", "step2": "done"}
    assert AuditEvent.unscoped.get(action=operation.kind).outcome == "done"


def test_a_refusal_takes_back_what_was_begun_last_first(operation_of: Kind) -> None:
    undone: list[str] = []
    steps = [
        Step(name, name, run, undo=lambda _context, name=name: undone.append(name))
        for name, run in (("a", nothing), ("b", refuse), ("c", nothing))
    ]
    operation = again(operation_of(*steps, failed=lambda _context: undone.append("failed")))
    assert undone == ["b", "a", "failed"]
    assert (operation.state, operation.error_code) == (State.FAILED, "refused")
    assert (operation.error_message, operation.error_hint) == ("no room", "make some")
    assert journal(operation) == {"a": "undone", "b": "undone"}


@pytest.mark.parametrize("trouble", [Refused("still in use"), ValueError("a bug")])
def test_an_undo_that_fails_is_noted_and_the_rest_still_runs(operation_of: Kind, trouble: Exception) -> None:
    undone: list[str] = []

    def stuck(_context: Context) -> None:
        raise trouble

    operation = again(
        operation_of(
            Step("a", "a", nothing, undo=lambda _context: undone.append("a")),
            Step("b", "b", nothing, undo=stuck),
            Step("c", "c", refuse),
        )
    )
    assert undone == ["a"]
    assert (operation.state, operation.error_message) == (State.FAILED, "no room")
    assert journal(operation) == {"a": "undone", "b": "failed", "c": "failed"}
    note = OperationStep.objects.get(operation=operation, name="b").note
    assert note in ("still in use", "ValueError")


def test_a_bug_becomes_an_internal_error_and_is_taken_back(operation_of: Kind) -> None:
    undone: list[str] = []

    def bug(_context: Context) -> None:
        raise ZeroDivisionError("secret detail")

    operation = again(operation_of(Step("a", "a", bug, undo=lambda _context: undone.append("a"))))
    assert (operation.state, operation.error_code, undone) == (State.FAILED, "internal_error", ["a"])
    assert "ZeroDivisionError" in operation.error_message and "secret" not in operation.error_message


def test_a_bug_at_the_end_is_taken_back_too(operation_of: Kind) -> None:
    undone: list[str] = []

    def bug(_context: Context) -> None:
        raise KeyError("x")

    operation = again(operation_of(Step("a", "a", nothing, undo=lambda _context: undone.append("a")), succeeded=bug))
    assert (operation.state, operation.error_code, undone) == (State.FAILED, "internal_error", ["a"])


def test_a_database_that_stumbles_is_nobodys_fault(operation_of: Kind) -> None:
    stumbles = [OperationalError("database is locked")]

    def step(_context: Context) -> None:
        if stumbles:
            raise stumbles.pop()

    operation = operation_of(step)
    with pytest.raises(OperationalError):
        runner.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == State.RUNNING and not operation.undoing
    assert again(operation).state == State.SUCCEEDED


def test_a_kind_that_nobody_knows_fails_politely(operation_of: Kind) -> None:
    operation = operation_of(nothing)
    Operation.unscoped.filter(pk=operation.pk).update(kind="thing.unknown")
    again(operation)
    assert (operation.state, operation.error_code) == (State.FAILED, "failed")
    assert "does not know" in operation.error_message


def test_a_silent_host_is_waited_for_with_growing_pauses(operation_of: Kind) -> None:
    silent = [True]

    def step(_context: Context) -> None:
        if silent:
            raise HostUnavailable("rack7 does not answer", hint="look at the cable")

    operation = operation_of(step)
    pauses = []
    for attempt in range(1, 9):
        due_now(operation)
        runner.run(operation.pk)
        operation.refresh_from_db()
        assert (operation.state, operation.lease_until, operation.tries) == (State.RUNNING, None, attempt)
        assert (operation.error_code, operation.error_message) == ("host_unavailable", "rack7 does not answer")
        assert operation.error_hint == "look at the cable"
        assert operation.not_before is not None
        pauses.append(round((operation.not_before - timezone.now()).total_seconds()))
    assert pauses == [2, 4, 8, 15, 30, 60, 60, 60]
    silent.clear()
    assert again(operation).state == State.SUCCEEDED
    assert (operation.error_code, operation.error_message, operation.error_hint) == ("", "", "")


def long_ago(operation: Operation) -> None:
    before = timezone.now() - datetime.timedelta(hours=3)
    Operation.unscoped.filter(pk=operation.pk).update(created_at=before)
    Operation.unscoped.filter(pk=operation.pk).exclude(started_at=None).update(started_at=before)


def test_patience_ends_and_what_was_done_is_taken_back(operation_of: Kind) -> None:
    undone: list[str] = []

    def silent(_context: Context) -> None:
        raise HostUnavailable("gone")

    operation = operation_of(
        Step("a", "a", nothing, undo=lambda _context: undone.append("a")), Step("b", "b", silent), patience=600
    )
    again(operation)
    assert operation.is_active and not operation.undoing
    long_ago(operation)
    again(operation)
    assert operation.undoing
    to_the_end(operation)
    assert (operation.state, operation.error_code, undone) == (State.FAILED, "host_unavailable", ["a"])


def test_an_undo_waits_for_the_host_and_keeps_the_reason(operation_of: Kind) -> None:
    silent = [True]

    def undo(_context: Context) -> None:
        if silent:
            raise HostUnavailable("gone")

    operation = operation_of(Step("a", "a", refuse, undo=undo), patience=0)
    for _round in range(3):
        again(operation)
        assert operation.is_active and operation.undoing and operation.error_message == "no room"
    silent.clear()
    assert (to_the_end(operation).state, operation.error_message) == (State.FAILED, "no room")


def test_a_retry_has_its_own_patience(operation_of: Kind) -> None:
    down = [True]

    def step(_context: Context) -> None:
        if down:
            raise HostUnavailable("gone")

    operation = operation_of(step, patience=600)
    again(operation)
    long_ago(operation)
    assert to_the_end(operation).state == State.FAILED
    operation_retry(factories.SYSTEM, operation_id=operation.pk)
    again(operation)
    assert operation.is_active and not operation.undoing
    down.clear()
    assert to_the_end(operation).state == State.SUCCEEDED


def test_a_host_that_is_back_wakes_what_waited_for_it(operation_of: Kind) -> None:
    host = factories.host()

    def silent(_context: Context) -> None:
        raise HostUnavailable("gone")

    waiting, other = operation_of(silent, lane=host.pk), operation_of(silent)
    again(waiting)
    again(other)
    assert wake_waiting(host.pk) == 1
    waiting.refresh_from_db()
    other.refresh_from_db()
    assert waiting.not_before is None and other.not_before is not None


def test_what_is_gone_cannot_be_retried(operation_of: Kind) -> None:
    operation = again(operation_of(refuse))
    Operation.unscoped.filter(pk=operation.pk).update(project=None, target_id=operation.pk)
    with pytest.raises(Conflict) as caught:
        operation_retry(factories.SYSTEM, operation_id=operation.pk)
    assert caught.value.code == "target_gone"


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_reaches_the_broker(operation_of: Kind) -> None:
    operation = operation_of(nothing)
    assert bus.flush()
    with Connection("memory://") as broker:
        queue = broker.SimpleQueue("celery")
        while queue.qsize():
            queue.get_nowait().ack()
        wake(operation.pk)
        assert bus.flush()
        message = queue.get(timeout=2)
        message.ack()
    assert message.headers["task"] == RUN_TASK == tasks.run_operation.name
    assert str(operation.pk) in message.headers["argsrepr"]

"""Operations of a kind made up for one test."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from console.core.scope import Scope
from console.identity.services.changes import Act
from console.operations import leases, registry, runner, tasks
from console.operations.models.operations import ACTIVE, Operation
from console.operations.registry import Handler, Step
from console.operations.services.operations import submit
from tests import factories

Kind = Callable[..., Operation]


@pytest.fixture(autouse=True)
def kept_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks close old connections; the test's own must outlive them."""
    for module in (tasks, leases):
        monkeypatch.setattr(module, "close_old_connections", lambda: None)


@pytest.fixture
def operation_of(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """`operation_of(step, ..., **handler)` submits an operation of a fresh kind on a fresh project."""

    def make(*steps: Step | Callable[..., None], lane: Any = None, **options: Any) -> Operation:
        kind = f"thing.make{len(registry._handlers)}"
        named = tuple(
            step if isinstance(step, Step) else Step(f"step{number}", f"Step {number}", step)
            for number, step in enumerate(steps, start=1)
        )
        handler = Handler(kind=kind, label="Make thing", steps=named, **options)
        monkeypatch.setitem(registry._handlers, kind, handler)
        project = factories.project()
        scope = Scope.system(project_id=project.pk)
        with transaction.atomic():
            return submit(scope, Act(scope, kind), kind=kind, target=project, lane=lane)

    return make


def due_now(operation: Operation) -> None:
    """As if the pause were over and whoever held the operation had fallen silent."""
    past = timezone.now() - datetime.timedelta(seconds=1)
    rows = Operation.unscoped.filter(pk=operation.pk, state__in=ACTIVE)
    rows.update(not_before=None)
    rows.exclude(lease_until=None).update(lease_until=past)


def again(operation: Operation) -> Operation:
    """One more attempt, at once."""
    due_now(operation)
    runner.run(operation.pk)
    operation.refresh_from_db()
    return operation


def to_the_end(operation: Operation) -> Operation:
    """Attempt after attempt, as the sweep would, until the operation has ended."""
    for _round in range(12):
        if not again(operation).is_active:
            return operation
    raise AssertionError(f"{operation} did not end: {operation.state}")

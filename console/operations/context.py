"""What a step is given: the operation, a scope, and ways to tell how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from console.core.scope import Scope
from console.operations import leases
from console.operations.models.operations import Operation, OperationStep, State


class Cancelled(Exception):
    """The operation is to be taken back: somebody cancelled it."""


class NotYet(Exception):
    """The step is to be run again in `seconds`; until then it holds no thread and no place in its lane."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True)
class Context:
    """One attempt at one operation."""

    operation: Operation
    memory: dict[str, Any] = field(default_factory=dict)
    """What one step leaves for the next within the same attempt; a resumed attempt starts empty."""
    _told: float = 0.0

    @property
    def scope(self) -> Scope:
        return Scope.system(project_id=self.operation.project_id, request_id=self.operation.request_id)

    @property
    def params(self) -> dict[str, Any]:
        params: dict[str, Any] = self.operation.params
        return params

    def remember(self, **values: Any) -> None:
        """Keep something for later attempts, in the operation's params."""
        leases.write(self.operation, params={**self.params, **values})

    def note(self, text: str) -> None:
        """Write a line for people into the journal of the running step."""
        line = OperationStep.objects.filter(operation=self.operation, number=self.operation.step_number)
        line.filter(attempt=self.operation.attempt).update(note=text)

    def progress(self, done: int, total: int) -> None:
        """Tell how far the running step is. Saved at most twice a second."""
        now = time.monotonic()
        if now - self._told >= 0.5:
            self._told = now
            leases.write(self.operation, progress=min(100, done * 100 // max(1, total)))

    def check_cancelled(self) -> None:
        """Raise Cancelled if somebody asked for it: long steps call this between pieces."""
        state = Operation.unscoped.filter(pk=self.operation.pk).values_list("state", flat=True).first()
        if state == State.CANCELLING and not self.operation.undoing:
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait within a step, giving way to a cancel."""
        time.sleep(seconds)
        self.check_cancelled()

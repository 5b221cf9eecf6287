"""What can run: handlers by kind. An app registers its own in `<app>/operations.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from console.core.errors import Text

if TYPE_CHECKING:
    from console.operations.context import Context

StepFunction = Callable[["Context"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """Make something so. `run` looks, acts only if needed, and may be run again at any time.

    `undo` takes it back, also when it was never or only half done.
    """

    name: str
    label: Text
    run: StepFunction
    undo: StepFunction | None = None


def _nothing(_context: Context) -> None:
    """The default for handlers that have nothing to say at the end."""


@dataclass(frozen=True, slots=True)
class Handler:
    """How one kind of operation runs.

    `succeeded` and `failed` run inside the transaction that ends the operation: quota and capacity go back there.
    `failed` is called for a cancel too; `retried` takes again what `failed` gave back, in the transaction of a retry.
    `settled` runs in that same transaction once the operation no longer counts as active, so it may begin another.
    `cancellable` is False where stopping half-way would leave something worse. `patience` is how many seconds a host
    that does not answer is waited for before the operation fails.
    """

    kind: str
    label: Text
    steps: tuple[Step, ...]
    succeeded: StepFunction = _nothing
    failed: StepFunction = _nothing
    retried: StepFunction = _nothing
    settled: StepFunction = _nothing
    cancellable: bool = True
    retryable: bool = True
    patience: float = 3600.0


_handlers: dict[str, Handler] = {}


def register(handler: Handler) -> Handler:
    """Make a kind of operation known."""
    if handler.kind in _handlers:
        raise ValueError(f"{handler.kind} is registered twice")
    _handlers[handler.kind] = handler
    return handler


def handler_for(kind: str) -> Handler:
    """The handler of a kind; KeyError for one that nobody registered."""
    return _handlers[kind]


def all_handlers() -> tuple[Handler, ...]:
    return tuple(_handlers.values())


def label_of(kind: str) -> Text:
    """The kind in words that people read; the kind itself where no handler is known (any more)."""
    handler = _handlers.get(kind)
    return handler.label if handler else kind


def step_label(kind: str, name: str) -> Text:
    """A step in words that people read."""
    handler = _handlers.get(kind)
    found = next((step.label for step in handler.steps if step.name == name), None) if handler else None
    return found or name or _("waiting")

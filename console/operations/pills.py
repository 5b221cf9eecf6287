"""How the state of an operation is told."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.core.pills import Pill
from console.operations.models.operations import Operation, State

PILLS = {
    State.QUEUED: Pill(_("Queued"), "azure", "clock"),
    State.RUNNING: Pill(_("Running"), "azure", busy=True),
    State.CANCELLING: Pill(_("Cancelling"), "azure", busy=True),
    State.SUCCEEDED: Pill(_("Done"), "green", "check"),
    State.FAILED: Pill(_("Failed"), "red", "alert-circle"),
    State.CANCELLED: Pill(_("Cancelled"), "grey", "ban"),
}
_WAITING = Pill(_("Waiting"), "yellow", "hourglass", _("It goes on by itself."))
_UNDOING = Pill(_("Taking back"), "azure", busy=True)


def is_waiting(operation: Operation) -> bool:
    """Whether it pauses until some time, e.g. for a host that does not answer."""
    return operation.is_active and operation.not_before is not None and operation.not_before > timezone.now()


def pill_of(operation: Operation) -> Pill:
    if is_waiting(operation) and operation.state != State.CANCELLING:
        return _WAITING
    if operation.undoing and operation.state == State.RUNNING:
        return _UNDOING
    return PILLS[State(operation.state)]

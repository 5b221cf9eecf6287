"""Runs one operation from wherever it stands to an end, or hands it back to wait for a host."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import replace
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import Refusal
from console.identity.models.audit import Outcome
from console.identity.services.changes import record_of
from console.operations import leases
from console.operations.context import Cancelled, Context, NotYet
from console.operations.leases import LostLease
from console.operations.models.operations import Operation, OperationStep, State
from console.operations.registry import Handler, Step, handler_for
from console.operations.services.operations import wake
from console.virt.errors import HostUnavailable, VirtError

log = structlog.get_logger(__name__)

_BACKOFF_SECONDS = (2, 4, 8, 15, 30, 60)
_RESUMED_LATER = (LostLease, OperationalError, InterfaceError)
"""Not the step's fault: another runner, or this one once the lease is over, goes on from where it stands."""


def run(operation_id: uuid.UUID) -> Operation | None:
    """Claim and run. None if there was nothing to claim; the row, in whatever state it is then, otherwise."""
    operation = leases.claim(operation_id)
    if operation is None:
        return None
    structlog.contextvars.bind_contextvars(operation=str(operation.pk), request_id=operation.request_id)
    leases.heartbeat.hold(operation)
    try:
        _attempt(operation)
    except LostLease:
        log.warning("lease_lost", attempt=operation.attempt)
    finally:
        leases.heartbeat.release(operation)
        structlog.contextvars.unbind_contextvars("operation", "request_id")
    return operation


def _attempt(operation: Operation) -> None:
    try:
        handler = handler_for(operation.kind)
    except KeyError:
        _end(operation, State.FAILED, None, **_problem(_("This version does not know operations of this kind.")))
        return
    context = Context(operation)
    try:
        if not operation.undoing:
            _go_forward(context, handler)
        if operation.undoing:
            _take_back(context, handler)
    except NotYet as wait:
        _hand_back(operation, wait.seconds)
    except HostUnavailable as error:
        _wait_for_host(context, handler, error)


def _go_forward(context: Context, handler: Handler) -> None:
    operation = context.operation
    leases.write(operation, step_count=len(handler.steps))
    try:
        for number, step in enumerate(handler.steps, start=1):
            context.check_cancelled()
            _run_step(context, step, number)
        context.check_cancelled()
        _end(operation, State.SUCCEEDED, handler)
    except Cancelled:
        leases.write(operation, undoing=True, error_code="cancelled", error_message=_("Cancelled."), error_hint="")
    except (HostUnavailable, NotYet):
        raise
    except (VirtError, Refusal) as error:
        code = getattr(error, "code", "refused")
        leases.write(operation, undoing=True, **_problem(error.message, code=code, hint=error.hint))
    except _RESUMED_LATER:
        raise
    except Exception as error:
        log.exception("operation_crashed", kind=operation.kind, step=operation.step)
        text = _("An error inside Virtdeck: %(error)s.") % {"error": type(error).__name__}
        hint = _("The log of the worker has the details under the request id.")
        leases.write(operation, undoing=True, **_problem(text, code="internal_error", hint=hint))


def _run_step(context: Context, step: Step, number: int) -> None:
    operation = context.operation
    _journal(operation, number, step, "running", step=step.name, step_number=number, progress=0)
    try:
        step.run(context)
    except (VirtError, Refusal) as error:
        _journal(operation, number, step, "failed", note=error.message)
        raise
    _journal(operation, number, step, "done", progress=100)


def _take_back(context: Context, handler: Handler) -> None:
    operation = context.operation
    for number, step in reversed(list(enumerate(handler.steps, start=1))):
        if step.undo is None or number > operation.step_number:
            continue
        try:
            step.undo(context)
        except HostUnavailable:
            raise
        except (VirtError, Refusal) as error:
            log.warning("undo_refused", step=step.name, error=error.message)
            _journal(operation, number, step, "failed", note=error.message)
            continue
        except (*_RESUMED_LATER, NotYet):
            raise
        except Exception as error:
            log.exception("undo_crashed", kind=operation.kind, step=step.name)
            _journal(operation, number, step, "failed", note=type(error).__name__)
            continue
        _journal(operation, number, step, "undone")
    cancelled = operation.error_code == "cancelled"
    _end(operation, State.CANCELLED if cancelled else State.FAILED, handler)


def _wait_for_host(context: Context, handler: Handler, error: HostUnavailable) -> None:
    """Hand the operation back with a pause that grows; fail it once the handler's patience is over."""
    operation = context.operation
    waited = (timezone.now() - (operation.started_at or operation.created_at)).total_seconds()
    if waited > handler.patience and not operation.undoing:
        leases.write(operation, undoing=True, **_problem(error.message, code="host_unavailable", hint=error.hint))
    pause = _BACKOFF_SECONDS[min(operation.tries, len(_BACKOFF_SECONDS) - 1)]
    kept = {} if operation.undoing else _problem(error.message, code="host_unavailable", hint=error.hint)
    _hand_back(operation, pause, tries=operation.tries + 1, **kept)


def _hand_back(operation: Operation, pause: float, **values: Any) -> None:
    """Let go of the operation for a while. A wake-up comes when the pause is over; the sweep is behind it."""
    leases.write(operation, lease_until=None, not_before=timezone.now() + datetime.timedelta(seconds=pause), **values)
    wake(operation.pk, after=pause)


def _end(operation: Operation, state: State, handler: Handler | None, **problem: str) -> None:
    """Write the end, what the handler has to settle, and the audit event in one transaction."""
    context = Context(operation)
    values = _problem("", code="") if state == State.SUCCEEDED else problem
    with transaction.atomic():
        leases.write(operation, finished_at=timezone.now(), lease_until=None, **values)
        if handler is not None:
            (handler.succeeded if state == State.SUCCEEDED else handler.failed)(context)
        leases.write(operation, state=state)
        if handler is not None:
            handler.settled(context)
        _audit(operation, state)
        publish("operation", operation.pk, project_id=operation.project_id)


def _audit(operation: Operation, state: State) -> None:
    record_of(
        replace(Context(operation).scope, user_id=operation.actor_id),
        operation.kind,
        outcome=Outcome.DONE if state == State.SUCCEEDED else Outcome.FAILED,
        target_type=operation.target_type,
        target_id=operation.target_id,
        target_name=operation.target_name,
        detail={"operation": str(operation.pk), "state": str(state), "message": operation.error_message},
    )


def _journal(
    operation: Operation, number: int, of: Step, state: str, *, note: str | None = None, **values: Any
) -> None:
    """Write a step's line and the operation's `values` in one transaction, if the operation is still ours."""
    line: dict[str, object] = {"name": of.name, "state": state, "attempt": operation.attempt}
    if note is not None:
        line["note"] = note
    if state != "running":
        line["finished_at"] = timezone.now()
    with transaction.atomic():
        leases.write(operation, **values)
        OperationStep.objects.update_or_create(operation=operation, number=number, defaults=line)


def _problem(message: str, *, code: str = "failed", hint: str = "") -> dict[str, str]:
    return {"error_code": code, "error_message": message, "error_hint": hint}

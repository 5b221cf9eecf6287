"""Submitting, cancelling and retrying operations."""

from __future__ import annotations

import uuid
from typing import Any

from celery import current_app
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.core.bus import later, publish
from console.core.errors import Busy, Conflict
from console.core.policies import require_role, require_staff
from console.core.scope import Role, Scope
from console.identity.services.changes import Act, change
from console.operations.context import Context
from console.operations.models.operations import ACTIVE, Operation, State
from console.operations.registry import handler_for, label_of

RUN_TASK = "operations.run"
"""By its name: the task stands above the services, in `console.operations.tasks`."""


def submit(
    scope: Scope,
    act: Act,
    *,
    kind: str,
    target: models.Model,
    params: dict[str, Any] | None = None,
    lane: uuid.UUID | None = None,
    parent: Operation | None = None,
) -> Operation:
    """Write an operation in the caller's transaction and wake a worker after commit.

    Busy if another operation is active on the same target: the database says so, not a look beforehand.
    """
    target_type = str(target._meta.model_name)
    try:
        with transaction.atomic():
            operation: Operation = Operation.unscoped.create(
                project_id=getattr(target, "project_id", None) or act.project_id,
                actor_id=scope.user_id,
                kind=kind,
                target_type=target_type,
                target_id=target.pk,
                target_name=str(target)[:255],
                params={"version": 1, **(params or {})},
                lane=str(lane or ""),
                step_count=len(handler_for(kind).steps),
                request_id=scope.request_id,
                parent=parent,
            )
    except IntegrityError as error:
        raise _busy(target_type, target) from error
    act.operation_ids.append(operation.pk)
    publish("operation", operation.pk, project_id=operation.project_id, created=True)
    wake(operation.pk)
    return operation


def wake(operation_id: uuid.UUID, *, after: float | None = None) -> None:
    """Tell the workers, after commit, that an operation waits. Only a hint: the sweep finds it as well.

    `after` seconds: not before then.
    """
    later(
        lambda: current_app.send_task(RUN_TASK, (str(operation_id),), countdown=after, retry=False, ignore_result=True)
    )


def wake_waiting(lane: uuid.UUID) -> int:
    """Let what waits for a host begin at once, now that it answers again. Answers how many."""
    waiting = Operation.unscoped.filter(
        lane=str(lane), state__in=ACTIVE, lease_until=None, error_code="host_unavailable"
    )
    ids = list(waiting.values_list("pk", flat=True))
    Operation.unscoped.filter(pk__in=ids, lease_until=None).update(not_before=None)
    for operation_id in ids:
        wake(operation_id)
    return len(ids)


def active_on(target_type: str, target_id: uuid.UUID, *, lock: bool = False) -> Operation | None:
    """The operation that works on a thing right now, if any; with `lock` it cannot end before the transaction does."""
    rows = Operation.unscoped.select_for_update() if lock else Operation.unscoped.all()
    found: Operation | None = rows.filter(target_type=target_type, target_id=target_id, state__in=ACTIVE).first()
    return found


def _busy(target_type: str, target: models.Model) -> Busy:
    running = active_on(target_type, target.pk)
    return Busy(
        _("“%(name)s” is busy: “%(act)s” is under way.")
        % {"name": target, "act": label_of(running.kind) if running else "…"},
        operation_id=running.pk if running else None,
        hint=_("Wait for it to end, or cancel it."),
    )


def operation_cancel(scope: Scope, *, operation_id: uuid.UUID) -> Operation:
    """Ask a running operation to take back what it did; one that nobody took up yet ends soon after."""
    with change(scope, "operation.cancel") as act:
        operation = _changeable(scope, operation_id)
        act.about(operation)
        if operation.state not in ACTIVE:
            raise Conflict(_("The operation has ended."), code="operation_ended")
        if not handler_for(operation.kind).cancellable:
            raise Conflict(
                _("Operations of this kind cannot be cancelled: half done would be worse than done."),
                code="not_cancellable",
            )
        Operation.unscoped.filter(pk=operation.pk, state__in=(State.QUEUED, State.RUNNING)).update(
            state=State.CANCELLING, not_before=None, updated_at=timezone.now()
        )
        operation.refresh_from_db()
        publish("operation", operation.pk, project_id=operation.project_id)
        wake(operation.pk)
    return operation


def operation_retry(scope: Scope, *, operation_id: uuid.UUID) -> Operation:
    """Run a waiting operation at once, or one that has failed from its first step: it takes again what it gave back."""
    with change(scope, "operation.retry") as act:
        operation = _changeable(scope, operation_id)
        act.about(operation)
        if operation.is_active:
            _run_now(operation)
        elif operation.state in (State.FAILED, State.CANCELLED):
            _begin_again(operation)
        else:
            raise Conflict(_("Only an operation that waits or has failed can be retried."), code="not_retryable")
        operation.refresh_from_db()
        publish("operation", operation.pk, project_id=operation.project_id)
    return operation


def _run_now(operation: Operation) -> None:
    """End the pause of an operation that waits, for a host or for its turn."""
    waiting = Operation.unscoped.filter(pk=operation.pk, state__in=ACTIVE, lease_until=None)
    if not waiting.update(not_before=None):
        raise Conflict(_("The operation is running."), code="not_retryable")
    wake(operation.pk)


def _begin_again(operation: Operation) -> None:
    handler = handler_for(operation.kind)
    if not handler.retryable:
        raise Conflict(
            _("This operation took back what it had done and cannot run again."),
            hint=_("Start the same action anew."),
            code="not_retryable",
        )
    if not _target_exists(operation):
        raise Conflict(
            _("“%(name)s” is gone.") % {"name": operation.target_name},
            hint=_("Start the same action anew."),
            code="target_gone",
        )
    try:
        with transaction.atomic():
            begun = Operation.unscoped.filter(pk=operation.pk, state__in=(State.FAILED, State.CANCELLED)).update(
                state=State.QUEUED,
                undoing=False,
                tries=0,
                step="",
                step_number=0,
                progress=0,
                not_before=None,
                lease_until=None,
                started_at=None,
                finished_at=None,
                error_code="",
                error_message="",
                error_hint="",
            )
    except IntegrityError as error:
        raise Busy(_("Another operation is active on the same thing.")) from error
    if not begun:  # somebody else retried it just now, and took again what it had given back
        raise Busy(_("Another operation is active on the same thing."), operation_id=operation.pk)
    handler.retried(Context(operation))
    wake(operation.pk)


def _target_exists(operation: Operation) -> bool:
    """Whether what the operation worked on is still there."""
    model = next((model for model in apps.get_models() if model._meta.model_name == operation.target_type), None)
    return model is not None and model._base_manager.filter(pk=operation.target_id).exists()


def _changeable(scope: Scope, operation_id: uuid.UUID) -> Operation:
    operation: Operation = Operation.objects.get_within(scope, pk=operation_id)
    if operation.project_id is None:
        require_staff(scope)
    else:
        require_role(scope, Role.MEMBER)
    return operation

"""Operations as pages, the task drawer and live regions show them."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.core.scope import Role, Scope
from console.operations.models.operations import Operation, State
from console.operations.pills import is_waiting, pill_of
from console.operations.registry import handler_for, label_of, step_label
from console.operations.selectors import operation_list, tasks

_STEP_ICONS = {
    "done": {"icon": "check"},
    "failed": {"icon": "x"},
    "undone": {"icon": "arrow-back-up"},
    "waiting": {"icon": "hourglass"},
    "running": {"icon": "loader-2"},
    "todo": {"icon": "circle-dashed"},
}


def step_words() -> dict[str, str]:
    """The state of a step in words, for those who do not see its mark."""
    return {
        "done": _("done"),
        "failed": _("failed"),
        "undone": _("taken back"),
        "waiting": _("waiting"),
        "running": _("running"),
        "todo": _("not begun"),
    }


def address(operation: Operation, slug: str, page: str = "operation") -> str:
    """Where an operation, or an act on it, is: in the project that is looked at, else in the fleet."""
    if slug:
        return reverse(f"project:{page}", args=[slug, operation.pk])
    return reverse(f"fleet:{page}", args=[operation.pk])


def title_of(operation: Operation) -> str:
    return f"{label_of(operation.kind)} {operation.target_name}".strip()


def _why_not(operation: Operation, scope: Scope) -> str:
    if operation.project_id is None:
        return "" if scope.is_staff else _("Only the staff of this cloud may do this.")
    return "" if scope.may(Role.MEMBER) else _("This needs the role “member” in the project.")


def _handler(operation: Operation) -> Any:
    try:
        return handler_for(operation.kind)
    except KeyError:
        return None


def cancel_action(operation: Operation, scope: Scope, slug: str) -> dict[str, Any] | None:
    """Cancel, while there is something to cancel; disabled with the reason where it cannot be."""
    if not operation.is_active:
        return None
    handler = _handler(operation)
    reason = _why_not(operation, scope)
    if not reason and operation.state == State.CANCELLING:
        reason = _("It is being cancelled.")
    if not reason and (handler is None or not handler.cancellable):
        reason = _("Half done would be worse than done: this cannot be cancelled.")
    return {
        "label": _("Cancel"),
        "icon": "x",
        "url": address(operation, slug, "operation-cancel"),
        "disabled": reason,
        "confirm": {
            "title": _("Cancel “%(what)s”") % {"what": title_of(operation)},
            "text": _("What it has done so far is taken back."),
            "button": _("Cancel operation"),
        },
    }


def retry_action(operation: Operation, scope: Scope, slug: str) -> dict[str, Any] | None:
    """Retry what failed or was cancelled, or what waits, at once."""
    waiting = operation.state == State.QUEUED and is_waiting(operation)
    if not waiting and operation.state not in (State.FAILED, State.CANCELLED):
        return None
    handler = _handler(operation)
    reason = _why_not(operation, scope)
    if not reason and not waiting and (handler is None or not handler.retryable):
        reason = _("It took back what it had done. Start the same action anew.")
    return {
        "label": _("Retry now") if waiting else _("Retry"),
        "icon": "refresh",
        "url": address(operation, slug, "operation-retry"),
        "disabled": reason,
    }


def error_of(operation: Operation) -> dict[str, str] | None:
    """What went wrong and what to do. A cancel is no error; a pause for a silent host is told like one."""
    if not operation.error_message or operation.error_code == "cancelled":
        return None
    return {"message": operation.error_message, "hint": operation.error_hint, "request_id": operation.request_id}


def seconds_of(operation: Operation) -> int | None:
    if operation.started_at is None:
        return None
    end = operation.finished_at or timezone.now()
    return max(0, int((end - operation.started_at).total_seconds()))


def task_of(operation: Operation, scope: Scope, slug: str) -> dict[str, Any]:
    """What `components/task.html` shows. `slug` is empty for a view over the whole fleet."""
    waiting = is_waiting(operation)
    return {
        "id": operation.pk,
        "title": title_of(operation),
        "url": address(operation, slug),
        "pill": pill_of(operation),
        "running": operation.is_active and not waiting,
        "step": operation.step_number,
        "steps": operation.step_count if operation.step_number else 0,
        "step_label": step_label(operation.kind, operation.step) if operation.step else "",
        "progress": operation.percent,
        "started_at": operation.started_at,
        "finished_at": operation.finished_at,
        "seconds": seconds_of(operation),
        "actor": operation.actor.username if operation.actor else "",
        "cancel": cancel_action(operation, scope, slug),
        "retry": retry_action(operation, scope, slug),
        "error": error_of(operation),
    }


def journal(operation: Operation) -> list[dict[str, Any]]:
    """Every step of the operation's kind with how it went; the error stands at the step that failed."""
    rows = {row.number: row for row in operation.steps.all()}
    handler = _handler(operation)
    names = [step.name for step in handler.steps] if handler else [row.name for row in rows.values()]
    words = step_words()
    error = error_of(operation)
    found = []
    for number, name in enumerate(names, start=1):
        row = rows.get(number)
        state = _step_state(operation, number, row.state if row else "")
        at_fault = error is not None and number == operation.step_number and operation.state != State.SUCCEEDED
        if at_fault and not operation.is_active:
            state = "failed"
        found.append(
            {
                "label": step_label(operation.kind, name),
                "state": state,
                "words": words[state],
                "mark": _STEP_ICONS[state]["icon"],
                "note": row.note if row and not (at_fault and error and row.note == error["message"]) else "",
                "finished_at": row.finished_at if row and state in ("done", "failed", "undone") else None,
                "error": error if at_fault else None,
            }
        )
    return found


def _step_state(operation: Operation, number: int, state: str) -> str:
    """A step's state now. After a retry the rows of the former attempt lie beyond the present step: not begun again."""
    if operation.is_active and not operation.undoing and number > operation.step_number:
        return "todo"
    if state == "running" and is_waiting(operation):
        return "waiting"
    if state == "running" and not operation.is_active:
        return "failed" if operation.state == State.FAILED else "undone"
    return state if state in _STEP_ICONS else "todo"


def shown(scope: Scope, operation_id: uuid.UUID | str | None) -> Operation:
    """An operation with all that its page shows."""
    operation: Operation = Operation.objects.get_within(scope, pk=operation_id)
    rows = operation_list(scope).select_related("project", "actor", "parent").prefetch_related("steps", "children")
    found: Operation = rows.get(pk=operation.pk)
    return found


def detail_context(operation: Operation, scope: Scope, slug: str) -> dict[str, Any]:
    """What `operations/detail.html` shows, on the page and over the socket."""
    return {
        "operation": operation,
        "task": task_of(operation, scope, slug),
        "label": label_of(operation.kind),
        "pill": pill_of(operation),
        "steps": journal(operation),
        "error": error_of(operation),
        "seconds": seconds_of(operation),
        "actor": operation.actor.username if operation.actor else "Virtdeck",
        "buttons": [
            action for action in (retry_action(operation, scope, slug), cancel_action(operation, scope, slug)) if action
        ],
        "children": [
            {"title": title_of(child), "url": address(child, slug), "pill": pill_of(child)}
            for child in operation.children.all()
        ],
        "parent_url": address(operation.parent, slug) if operation.parent else "",
        "parent_title": title_of(operation.parent) if operation.parent else "",
    }


def drawer(scope: Scope, slug: str) -> list[dict[str, Any]]:
    """What the task drawer shows."""
    return [task_of(found, scope, slug) for found in tasks(scope)]

"""Toasts: the result of one's own act, and of nobody else's."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from console.core.scope import Scope
from console.operations.models.operations import Operation, State
from console.operations.registry import label_of

_RECENT = datetime.timedelta(seconds=10)


def toasts_for(scope: Scope, changes: dict[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Toasts for operations of the viewer's that have just ended among the changes."""
    ids = [object_id for kind, object_id in changes if kind == "operation"]
    if not ids or scope.user_id is None:
        return []
    ended = Operation.objects.within(scope).filter(
        pk__in=ids,
        actor_id=scope.user_id,
        state__in=(State.SUCCEEDED, State.FAILED, State.CANCELLED),
        finished_at__gte=timezone.now() - _RECENT,
    )
    return [_toast(operation) for operation in ended]


def _toast(operation: Operation) -> dict[str, Any]:
    words = {"label": label_of(operation.kind), "name": operation.target_name, "why": operation.error_message}
    if operation.state == State.SUCCEEDED:
        return {"level": "success", "text": _("%(label)s “%(name)s”: done.") % words, "id": str(operation.pk)}
    if operation.state == State.CANCELLED:
        return {"level": "info", "text": _("%(label)s “%(name)s”: cancelled.") % words, "id": str(operation.pk)}
    return {"level": "error", "text": _("%(label)s “%(name)s” failed: %(why)s") % words, "id": str(operation.pk)}

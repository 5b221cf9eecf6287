"""Reading operations."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from console.core.scope import Scope
from console.operations.models.operations import ACTIVE, Operation


def operation_list(scope: Scope) -> QuerySet[Operation]:
    return Operation.objects.within(scope).select_related("actor")


def operation_get(scope: Scope, *, operation_id: uuid.UUID | str) -> Operation:
    operation: Operation = Operation.objects.get_within(scope, pk=operation_id)
    return operation


def operations_of(scope: Scope, *, target_id: uuid.UUID, limit: int = 20) -> list[Operation]:
    """What was done to a thing, newest first."""
    return list(operation_list(scope).filter(target_id=target_id).order_by("-created_at")[:limit])


def tasks(scope: Scope, *, limit: int = 20) -> list[Operation]:
    """What the task drawer shows: what is active, then what ended last."""
    rows = operation_list(scope)
    active = list(rows.filter(state__in=ACTIVE).order_by("-created_at")[:limit])
    ended = rows.exclude(state__in=ACTIVE).order_by("-created_at")[: limit - len(active)] if len(active) < limit else []
    return [*active, *ended]


def active_count(scope: Scope) -> int:
    return operation_list(scope).filter(state__in=ACTIVE).count()

"""Live regions of operations: the task drawer with its count, rows, and one operation's page."""

from __future__ import annotations

from django.template.loader import render_to_string

from console.core.errors import Refusal
from console.core.ids import known, parse_uuid
from console.core.regions import region
from console.core.scope import Scope
from console.identity.selectors import project_get
from console.operations.presenting import detail_context, drawer, shown
from console.operations.selectors import active_count, operation_list
from console.operations.tables import OperationTable


def slug_of(scope: Scope) -> str:
    """The address part of the project that is looked at; empty over the whole fleet."""
    return project_get(scope, project_id=scope.project_id).slug if scope.project_id else ""


@region("tasks.count", kinds=("operation",))
def task_count(scope: Scope, _argument: str) -> str:
    return render_to_string("shell/task_count.html", {"count": active_count(scope)})


@region("tasks.list", kinds=("operation",))
def task_list(scope: Scope, _argument: str) -> str:
    return render_to_string("components/task_list.html", {"tasks": drawer(scope, slug_of(scope))})


@region("operation.row", kinds=("operation",), by_id=True)
def operation_row(scope: Scope, operation_id: str) -> str | None:
    found = operation_list(scope).select_related("project", "actor").filter(pk__in=known(operation_id)).first()
    return OperationTable([], scope=scope, slug=slug_of(scope)).row_html(found) if found else None


@region("operation", kinds=("operation",), by_id=True)
def operation_detail(scope: Scope, operation_id: str) -> str | None:
    try:
        found = shown(scope, parse_uuid(operation_id))
    except Refusal:
        return None
    return render_to_string("operations/detail.html", detail_context(found, scope, slug_of(scope)))

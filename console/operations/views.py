"""Activity of a project, operations of the fleet, and the task drawer. One set of views under both roofs."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.core.pages import stay
from console.core.paging import keyset_page
from console.core.scope import Scope
from console.identity.navigation import activity_tabs, fleet_crumbs, project_crumbs
from console.identity.selectors import project_list
from console.operations.filters import OperationFilter
from console.operations.models.operations import Operation
from console.operations.pills import pill_of
from console.operations.presenting import (
    address,
    cancel_action,
    error_of,
    journal,
    retry_action,
    seconds_of,
    task_of,
    title_of,
)
from console.operations.registry import label_of
from console.operations.selectors import operation_list, tasks
from console.operations.services.operations import operation_cancel, operation_retry
from console.operations.tables import OperationTable


def _slug(request: HttpRequest) -> str:
    return request.project.slug if request.project else ""


@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """What was done and what is under way, newest first."""
    project, scope = request.project, request.caller
    asked = OperationFilter(request, projects=None if project else list(project_list(scope).order_by("name")))
    rows = operation_list(scope).select_related("project", "actor")
    page = keyset_page(request, asked.apply(rows))
    title = _("Activity") if project else _("Operations")
    context = {
        "crumbs": project_crumbs(request, (title, "")) if project else fleet_crumbs((title, "")),
        "title": title,
        "tabs": activity_tabs(request, "operations") if project else None,
        "table": OperationTable(page.rows, scope=scope, slug=_slug(request)),
        "list_id": "operations",
        "caption": _("Operations"),
        "live_model": "operation",
        "filter": asked.context(),
        "pager": page.pager,
        "empty": asked.empty(
            {
                "icon": "activity",
                "title": _("Nothing has been done here yet"),
                "text": _("Whatever takes longer than a moment is listed here, step by step."),
            }
        ),
    }
    return render(request, "pages/list.html", context)


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


@require_safe
def operation(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponse:
    """One operation: its journal, and what went wrong."""
    found = shown(request.caller, operation_id)
    slug = _slug(request)
    title = title_of(found)
    crumbs = (
        project_crumbs(request, (_("Activity"), address_of_list(request)), (title, ""))
        if slug
        else fleet_crumbs((_("Operations"), address_of_list(request)), (title, ""))
    )
    context = {"crumbs": crumbs, "title": title, **detail_context(found, request.caller, slug)}
    return render(request, "operations/operation.html", context)


def address_of_list(request: HttpRequest) -> str:
    """The list that an operation belongs to."""
    if request.project:
        return reverse("project:operations", args=[request.project.slug])
    return reverse("fleet:operations")


@require_POST
def cancel(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Ask an operation to take back what it did."""
    found = operation_cancel(request.caller, operation_id=operation_id)
    done = _("“%(what)s” is being cancelled.") % {"what": title_of(found)}
    return stay(request, done, fallback=address(found, _slug(request)))


@require_POST
def retry(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Run an operation again."""
    found = operation_retry(request.caller, operation_id=operation_id)
    done = _("“%(what)s” runs again.") % {"what": title_of(found)}
    return stay(request, done, fallback=address(found, _slug(request)))


@require_safe
def task_drawer(request: HttpRequest) -> HttpResponse:
    """The last tasks, for the drawer."""
    return render(request, "components/task_list.html", {"tasks": drawer(request.caller, _slug(request))})


def drawer(scope: Scope, slug: str) -> list[dict[str, Any]]:
    return [task_of(found, scope, slug) for found in tasks(scope)]

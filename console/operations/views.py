"""Activity of a project, operations of the fleet, and the task drawer. One set of views under both roofs."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.core.pages import PageRequest, stay
from console.core.paging import keyset_page
from console.identity.navigation import activity_tabs, fleet_crumbs, project_crumbs
from console.identity.selectors import project_list
from console.operations.filters import OperationFilter
from console.operations.presenting import address, detail_context, drawer, shown, title_of
from console.operations.selectors import operation_list
from console.operations.services.operations import operation_cancel, operation_retry
from console.operations.tables import OperationTable


def _slug(request: PageRequest) -> str:
    return request.project.slug if request.project else ""


@require_safe
def operations(request: PageRequest) -> HttpResponse:
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


@require_safe
def operation(request: PageRequest, operation_id: uuid.UUID) -> HttpResponse:
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


def address_of_list(request: PageRequest) -> str:
    """The list that an operation belongs to."""
    if request.project:
        return reverse("project:operations", args=[request.project.slug])
    return reverse("fleet:operations")


@require_POST
def cancel(request: PageRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Ask an operation to take back what it did."""
    found = operation_cancel(request.caller, operation_id=operation_id)
    done = _("“%(what)s” is being cancelled.") % {"what": title_of(found)}
    return stay(request, done, fallback=address(found, _slug(request)))


@require_POST
def retry(request: PageRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Run an operation again."""
    found = operation_retry(request.caller, operation_id=operation_id)
    done = _("“%(what)s” runs again.") % {"what": title_of(found)}
    return stay(request, done, fallback=address(found, _slug(request)))


@require_safe
def task_drawer(request: PageRequest) -> HttpResponse:
    """The last tasks, for the drawer."""
    return render(request, "components/task_list.html", {"tasks": drawer(request.caller, _slug(request))})

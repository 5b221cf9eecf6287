"""What was done, by whom."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from console.core.pages import PageRequest
from console.core.paging import keyset_page
from console.identity.filters import AuditFilter
from console.identity.navigation import activity_tabs, fleet_crumbs, project_crumbs
from console.identity.selectors import audit_list, project_list
from console.identity.tables import AuditTable


@require_safe
def project_audit(request: PageRequest) -> HttpResponse:
    """The audit log of a project, for its administrators."""
    asked = AuditFilter(request)
    page = keyset_page(request, asked.apply(audit_list(request.caller)))
    context = {
        "crumbs": project_crumbs(request, (_("Activity"), "")),
        "title": _("Activity"),
        "tabs": activity_tabs(request, "audit"),
        "table": AuditTable(page.rows, exclude=("project",)),
        "list_id": "audit",
        "caption": _("Audit events"),
        "filter": asked.context(),
        "pager": page.pager,
        "empty": asked.empty({"icon": "shield-check", "title": _("Nothing has been done here yet")}),
    }
    return render(request, "pages/list.html", context)


@require_safe
def fleet_audit(request: PageRequest) -> HttpResponse:
    """The audit log of everything, for staff."""
    asked = AuditFilter(request, projects=list(project_list(request.caller).order_by("name")))
    page = keyset_page(request, asked.apply(audit_list(request.caller)))
    context = {
        "crumbs": fleet_crumbs((_("Audit"), "")),
        "title": _("Audit"),
        "table": AuditTable(page.rows),
        "list_id": "audit",
        "caption": _("Audit events"),
        "filter": asked.context(),
        "pager": page.pager,
        "empty": asked.empty({"icon": "shield-check", "title": _("Nothing has been done here yet")}),
    }
    return render(request, "pages/list.html", context)

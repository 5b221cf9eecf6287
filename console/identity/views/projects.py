"""Projects, for staff."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.core.pages import PageRequest, accepted, go, stay
from console.core.paging import keyset_page
from console.identity.filters import ProjectFilter
from console.identity.forms import ProjectForm
from console.identity.navigation import fleet_crumbs
from console.identity.selectors import project_get, projects_with_members
from console.identity.services.projects import project_create, project_update
from console.identity.tables import ProjectTable


@require_safe
def projects(request: PageRequest) -> HttpResponse:
    """All projects."""
    asked = ProjectFilter(request)
    rows = asked.apply(projects_with_members(request.caller))
    page = keyset_page(request, rows, order=("name",))
    create = {
        "label": _("Create project"),
        "icon": "plus",
        "url": reverse("fleet:project-create"),
        "method": "get",
        "primary": True,
    }
    context = {
        "crumbs": fleet_crumbs((_("Projects"), "")),
        "title": _("Projects"),
        "shown_count": rows.count(),
        "actions": [create],
        "table": ProjectTable(page.rows),
        "list_id": "projects",
        "live_model": "project",
        "filter": asked.context(),
        "pager": page.pager,
        "empty": asked.empty(
            {
                "title": _("No project yet"),
                "text": _("All that runs belongs to a project: it has members, quotas and an audit log of its own."),
                "icon": "folders",
                "action": create,
            }
        ),
    }
    return render(request, "pages/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def project_create_view(request: PageRequest) -> HttpResponse:
    """Make a project; its first members are added next."""
    form = ProjectForm(request.POST or None)
    made = []
    if request.method == "POST" and accepted(
        form, lambda: made.append(project_create(request.caller, **form.cleaned_data))
    ):
        done = _("Project %(name)s is ready. Now add its members.") % {"name": made[0].name}
        return go(request, done, to=reverse("project:members", args=[made[0].slug]))
    context = {
        "crumbs": fleet_crumbs((_("Projects"), reverse("fleet:projects")), (_("Create project"), "")),
        "title": _("Create project"),
        "intro": _("It starts with the default quotas. Its address is made from the name and never changes."),
        "form": form,
        "submit": _("Create project"),
        "cancel_url": reverse("fleet:projects"),
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def project_edit(request: PageRequest, project_id: uuid.UUID) -> HttpResponse:
    """Rename or describe a project."""
    project = project_get(request.caller, project_id=project_id)
    title = project.name
    form = ProjectForm(request.POST or None, initial={"name": project.name, "description": project.description})
    if request.method == "POST" and accepted(
        form, lambda: project_update(request.caller, project_id=project.pk, **form.cleaned_data)
    ):
        done = _("Project %(name)s is saved.") % {"name": form.cleaned_data["name"]}
        return go(request, done, to=reverse("fleet:projects"))
    context = {
        "crumbs": fleet_crumbs((_("Projects"), reverse("fleet:projects")), (title, "")),
        "title": title,
        "form": form,
        "submit": _("Save project"),
        "cancel_url": reverse("fleet:projects"),
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_POST
def project_enable(request: PageRequest, project_id: uuid.UUID) -> HttpResponse:
    """Enable or disable a project."""
    enabled = request.POST.get("enabled") == "1"
    project = project_update(request.caller, project_id=project_id, enabled=enabled)
    words = {"name": project.name}
    done = _("Project %(name)s is enabled.") % words if enabled else _("Project %(name)s is disabled.") % words
    return stay(request, done, fallback=reverse("fleet:projects"))

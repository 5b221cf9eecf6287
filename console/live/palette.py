"""What the command palette finds: pages, and whatever of the caller's has the words in its name."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compute.models.instances import Instance
from console.core.ids import parse_uuid
from console.core.pages import PageRequest
from console.core.scope import Scope
from console.fleet.selectors import host_list
from console.identity.models.projects import Project
from console.identity.services.scopes import projects_of
from console.live.shell import last_project
from storage.models.images import Image

MOST = 20
_A_KIND = 6
_LONGEST = 100
_PROJECTS_SEARCHED = 50

Result = dict[str, str]


@require_safe
def palette(request: PageRequest) -> JsonResponse:
    """At most twenty results, best first within each group."""
    words = request.GET.get("q", "").strip().replace("\x00", "")[:_LONGEST]
    results = found(request, words) if words else []
    return JsonResponse({"results": results[:MOST]})


def found(request: PageRequest, words: str) -> list[Result]:
    scope = request.caller
    projects = projects_of(request.user)
    home = last_project(request, projects)
    groups: list[Iterable[Result]] = [
        _pages(request, home, words),
        _instances(scope, projects, words),
        _projects(projects, words),
        _images(scope, projects, home, words),
        _hosts(scope, words) if scope.is_staff else [],
    ]
    return [result for group in groups for result in list(group)[:_A_KIND]]


def _pages(request: PageRequest, home: Project | None, words: str) -> list[Result]:
    """Acts that have a page of their own; the pages of the sidebar are found by the browser itself."""
    pages: list[tuple[str, str, list[Any], dict[str, str]]] = [(_("Account"), "account", [], {"icon": "user-circle"})]
    if home is not None:
        pages += [
            (_("Create instance"), "project:instance-create", [home.slug], {"icon": "plus"}),
            (_("Create token"), "project:token-create", [home.slug], {"icon": "key"}),
        ]
    if request.user.is_staff:
        pages += [
            (_("Add host"), "fleet:host-create", [], {"icon": "plus"}),
            (_("Create project"), "fleet:project-create", [], {"icon": "plus"}),
            (_("Create user"), "fleet:user-create", [], {"icon": "user-plus"}),
        ]
    return [
        {"label": label, "url": reverse(name, args=args), "group": _("Pages"), "hint": "", **face}
        for label, name, args, face in pages
        if words.lower() in label.lower()
    ]


def _visible(model: Any, scope: Scope, projects: list[Project], pick: Callable[[QuerySet[Any]], QuerySet[Any]]) -> Any:
    """Rows of every project that the caller may see, in one query: staff see all, others those they belong to."""
    if scope.is_staff:
        return pick(model.objects.within(scope.within(None)))
    views = [model.objects.within(scope.within(project.pk)) for project in projects[:_PROJECTS_SEARCHED]]
    return pick(functools.reduce(operator.or_, views)) if views else []


def _instances(scope: Scope, projects: list[Project], words: str) -> list[Result]:
    wanted = Q(name__icontains=words)
    if (instance_id := parse_uuid(words)) is not None:
        wanted |= Q(pk=instance_id)
    rows = _visible(
        Instance,
        scope,
        projects,
        lambda all_rows: (
            all_rows.filter(wanted).select_related("project").only("name", "project__name", "project__slug")[:_A_KIND]
        ),
    )
    return [
        {
            "label": row.name,
            "hint": row.project.name,
            "url": reverse("project:instance", args=[row.project.slug, row.pk]),
            "icon": "server",
            "group": _("Instances"),
        }
        for row in rows
    ]


def _images(scope: Scope, projects: list[Project], home: Project | None, words: str) -> list[Result]:
    """A public image of somebody else's project is opened in the caller's own."""
    if home is None:
        return []
    own = {project.pk for project in projects}
    rows = _visible(
        Image,
        scope,
        projects,
        lambda all_rows: (
            all_rows.filter(name__icontains=words).select_related("project").order_by("name", "pk")[:_A_KIND]
        ),
    )
    return [
        {
            "label": row.name,
            "hint": row.project.name if row.project_id in own else _("Public"),
            "url": reverse("project:image", args=[row.project.slug if row.project_id in own else home.slug, row.pk]),
            "icon": "disc",
            "group": _("Images"),
        }
        for row in rows
    ]


def _projects(projects: list[Project], words: str) -> list[Result]:
    low = words.lower()
    return [
        {
            "label": project.name,
            "hint": "" if project.enabled else _("disabled"),
            "url": reverse("project:overview", args=[project.slug]),
            "icon": "folder",
            "group": _("Projects"),
        }
        for project in projects
        if low in project.name.lower() or low in project.slug
    ]


def _hosts(scope: Scope, words: str) -> list[Result]:
    rows = host_list(scope).filter(Q(name__icontains=words) | Q(uri__icontains=words)).order_by("name")[:_A_KIND]
    return [
        {
            "label": host.name,
            "hint": host.uri,
            "url": reverse("fleet:host", args=[host.pk]),
            "icon": "server-2",
            "group": _("Hosts"),
        }
        for host in rows
    ]

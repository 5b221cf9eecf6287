"""What the frame of every page shows: navigation, projects, the banner of foreign projects, the number of tasks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from console.core.scope import Scope
from console.identity.models.projects import Project
from console.identity.services.scopes import projects_of
from console.operations.selectors import active_count

Item = dict[str, Any]


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page that a signed-in user sees."""
    scope: Scope | None = getattr(request, "caller", None)
    base = {"theme": request.COOKIES.get("theme", "auto"), "scope": scope}
    if scope is None:
        return base
    projects = projects_of(request.user)
    shown: Project | None = getattr(request, "project", None)
    home = shown or last_project(request, projects)
    if shown is not None and request.session.get("project") != shown.slug:
        request.session["project"] = shown.slug
    return {
        **base,
        "project": shown,
        "project_slug": shown.slug if shown else "",
        "projects": [
            {
                "name": project.name,
                "url": reverse("project:overview", args=[project.slug]),
                "active": home is not None and project.pk == home.pk,
            }
            for project in projects
        ],
        "nav": _navigation(request, home),
        "scope_banner": _banner(scope, shown),
        "task_count": active_count(scope) if scope.project_id or scope.is_staff else 0,
        "operations_url": _operations_url(scope, shown),
        "tasks_url": reverse("project:tasks", args=[shown.slug]) if shown else reverse("tasks"),
        "home_url": reverse("project:overview", args=[home.slug]) if home else "/",
    }


def last_project(request: HttpRequest, projects: list[Project]) -> Project | None:
    """The project looked at last, else the first that is enabled, else the first."""
    wanted = request.session.get("project")
    order = sorted(projects, key=lambda project: (project.slug != wanted, not project.enabled))
    return order[0] if order else None


def _banner(scope: Scope, project: Project | None) -> str:
    if project is None or not scope.is_staff or scope.user_id is None:
        return ""
    if project.memberships.filter(user_id=scope.user_id).exists():
        return ""
    return _("You act in the project “%(name)s” as staff; you are not a member of it.") % {"name": project.name}


def _operations_url(scope: Scope, project: Project | None) -> str:
    if project is not None:
        return reverse("project:operations", args=[project.slug])
    return reverse("fleet:operations") if scope.is_staff else ""


def _navigation(request: HttpRequest, project: Project | None) -> list[dict[str, Any]]:
    here = request.path
    groups: list[tuple[str, list[tuple[str, str, str]]]] = []
    if project is not None:
        groups += [
            ("", [(_("Overview"), "project:overview", "layout-dashboard")]),
            (
                _("Compute"),
                [
                    (_("Instances"), "project:instances", "server"),
                    (_("Images"), "project:images", "disc"),
                    (_("Key pairs"), "project:key-pairs", "key"),
                ],
            ),
            (_("Network"), [(_("Networks"), "project:networks", "network")]),
            (
                _("Project"),
                [
                    (_("Activity"), "project:operations", "activity"),
                    (_("Members"), "project:members", "users"),
                    (_("Quotas"), "project:quotas", "gauge"),
                    (_("API access"), "project:tokens", "api"),
                ],
            ),
        ]
    if request.user.is_staff:
        groups.append(
            (
                _("Infrastructure"),
                [
                    (_("Hosts"), "fleet:hosts", "server-2"),
                    (_("All instances"), "fleet:instances", "stack-2"),
                    (_("Unmanaged domains"), "fleet:unmanaged", "ghost"),
                    (_("Flavors"), "fleet:flavors", "ruler-2"),
                    (_("Projects"), "fleet:projects", "folders"),
                    (_("Users"), "fleet:users", "user-cog"),
                    (_("Operations"), "fleet:operations", "list-check"),
                    (_("Audit"), "fleet:audit", "shield-check"),
                ],
            )
        )
    return [{"label": label, "items": [_item(entry, project, here) for entry in entries]} for label, entries in groups]


def _item(entry: tuple[str, str, str], project: Project | None, here: str) -> Item:
    label, name, icon = entry
    args = [project.slug] if name.startswith("project:") and project else []
    url = reverse(name, args=args)
    exact = name == "project:overview"
    return {"label": label, "url": url, "icon": icon, "active": here == url if exact else here.startswith(url)}

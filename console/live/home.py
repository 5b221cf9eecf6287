"""The start page: where somebody most likely wants to be."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.identity.selectors import keepers
from console.identity.services.scopes import projects_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The project looked at last, else the first; staff without one see the hosts; others, who can help."""
    projects = projects_of(request.user)
    last = request.session.get("project")
    project = next((project for project in projects if project.slug == last), projects[0] if projects else None)
    if project is not None:
        return redirect("project:overview", project.slug)
    if request.user.is_staff:
        return redirect("fleet:hosts")
    return render(request, "identity/no_project.html", {"keepers": keepers()})

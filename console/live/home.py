"""The start page: where somebody most likely wants to be."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.core.pages import PageRequest
from console.identity.selectors import keepers
from console.identity.services.scopes import projects_of
from console.live.shell import last_project


@require_safe
def home(request: PageRequest) -> HttpResponse:
    """The project looked at last, else the first; staff without one see the hosts; others, who can help."""
    projects = projects_of(request.user)
    project = last_project(request, projects)
    if project is not None:
        return redirect("project:overview", project.slug)
    if request.user.is_staff:
        return redirect("fleet:hosts")
    return render(request, "identity/no_project.html", {"keepers": keepers()})

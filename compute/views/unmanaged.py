"""Adopting a domain that Virtdeck did not make."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute.services.instances import instance_adopt
from console.core.errors import Invalid
from console.core.ids import parse_uuid
from console.core.pages import PageRequest, from_script, go
from console.fleet.selectors import unmanaged_list
from console.identity.navigation import fleet_crumbs
from console.identity.selectors import project_list


@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: PageRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Choose the project that the domain goes to; a dialog for the list, a page of its own without scripts."""
    if request.method == "POST":
        return _adopt(request, domain_id)
    found = unmanaged_list(request.caller).filter(pk=domain_id).first()
    context = {
        "crumbs": fleet_crumbs((_("Unmanaged domains"), reverse("fleet:unmanaged")), (_("Adopt"), "")),
        "domain": found,
        "projects_to_choose": list(project_list(request.caller).filter(enabled=True).order_by("name")),
    }
    fragment = from_script(request)
    template = "compute/adopt_fields.html" if fragment else "compute/adopt.html"
    return render(request, template, context, status=200 if found or fragment else 404)


def _adopt(request: PageRequest, domain_id: uuid.UUID) -> HttpResponse:
    project_id = parse_uuid(request.POST.get("project", ""))
    if project_id is None:
        raise Invalid.field("project", _("Choose a project."))
    instance, _operation = instance_adopt(request.caller, domain_id=domain_id, project_id=project_id)
    done = _("Domain %(name)s is adopted.") % {"name": instance.name}
    return go(request, done, to=reverse("project:instance", args=[instance.project.slug, instance.pk]))

"""Flavors, for the fleet's keepers."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute.forms import FlavorForm
from compute.selectors import flavor_get, flavor_list
from compute.services.flavors import flavor_create, flavor_delete, flavor_update
from compute.tables import FlavorTable
from console.core.pages import PageRequest, accepted, go, stay
from console.core.paging import keyset_page
from console.identity.navigation import fleet_crumbs


@require_safe
def flavor_list_page(request: PageRequest) -> HttpResponse:
    """All flavors."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    sort = request.GET.get("sort", "")
    rows = flavor_list(request.caller)
    found = rows.filter(name__icontains=query) if query else rows
    page = keyset_page(request, found, order=FlavorTable.keys(sort))
    create = {
        "label": _("Create flavor"),
        "icon": "plus",
        "primary": True,
        "method": "get",
        "url": reverse("fleet:flavor-create"),
    }
    context = {
        "crumbs": fleet_crumbs((_("Flavors"), "")),
        "table": FlavorTable(page.rows, sort=sort),
        "pager": page.pager,
        "count": found.order_by().count(),
        "create": create,
        "filter": {"query": query, "placeholder": _("Filter by name")} if page.rows or query else None,
        "empty": {"kind": "match", "clear_url": request.path}
        if query
        else {
            "icon": "ruler-2",
            "title": _("No flavors yet"),
            "text": _("A flavor is a size: vCPUs, memory and disk. Without one nobody can create an instance."),
            "action": create,
        },
    }
    return render(request, "compute/flavors.html", context)


def _form_page(request: PageRequest, form: FlavorForm, *, title: str, submit: str) -> HttpResponse:
    back = reverse("fleet:flavors")
    context: dict[str, Any] = {
        "crumbs": fleet_crumbs((_("Flavors"), back), (title, "")),
        "form": form,
        "title": title,
        "submit": submit,
        "intro": _("Instances copy the numbers: changing a flavor never changes a guest."),
        "cancel_url": back,
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PageRequest) -> HttpResponse:
    """Make a flavor."""
    form = FlavorForm(request.POST if request.method == "POST" else None)
    if form.is_bound and accepted(form, lambda: _make(request, form.cleaned_data)):
        name = form.cleaned_data["name"]
        return go(request, _("The flavor “%(name)s” can be chosen now.") % {"name": name}, to=reverse("fleet:flavors"))
    return _form_page(request, form, title=_("Create flavor"), submit=_("Create flavor"))


def _make(request: PageRequest, values: dict[str, Any]) -> None:
    enabled = values["enabled"]
    flavor = flavor_create(request.caller, **{name: value for name, value in values.items() if name != "enabled"})
    if not enabled:
        flavor_update(request.caller, flavor_id=flavor.pk, enabled=False)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, flavor_id: uuid.UUID) -> HttpResponse:
    """Change a flavor."""
    flavor = flavor_get(request.caller, flavor_id=flavor_id)
    initial = {name: getattr(flavor, name) for name in FlavorForm.base_fields}
    form = FlavorForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and accepted(
        form, lambda: flavor_update(request.caller, flavor_id=flavor.pk, **form.cleaned_data)
    ):
        return go(request, _("The flavor “%(name)s” is changed.") % {"name": flavor.name}, to=reverse("fleet:flavors"))
    return _form_page(request, form, title=_("Edit flavor “%(name)s”") % {"name": flavor.name}, submit=_("Save flavor"))


@require_POST
def switch(request: PageRequest, flavor_id: uuid.UUID) -> HttpResponse:
    """Enable a disabled flavor, disable an enabled one."""
    flavor = flavor_get(request.caller, flavor_id=flavor_id)
    flavor = flavor_update(request.caller, flavor_id=flavor.pk, enabled=not flavor.enabled)
    text = _("“%(name)s” can be chosen now.") if flavor.enabled else _("“%(name)s” can no longer be chosen.")
    return stay(request, text % {"name": flavor.name}, fallback=reverse("fleet:flavors"))


@require_POST
def delete(request: PageRequest, flavor_id: uuid.UUID) -> HttpResponse:
    """Remove a flavor."""
    name = flavor_get(request.caller, flavor_id=flavor_id).name
    flavor_delete(request.caller, flavor_id=flavor_id)
    return stay(request, _("The flavor “%(name)s” is deleted.") % {"name": name}, fallback=reverse("fleet:flavors"))

"""Key pairs: the viewer's own."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute.forms import KeyPairGenerateForm, KeyPairImportForm
from compute.selectors import key_pair_get, key_pair_list
from compute.services import key_pairs
from compute.tables import KeyPairTable
from console.core.pages import PageRequest, accepted, go
from console.core.paging import keyset_page
from console.core.policies import require_role
from console.core.scope import Role
from console.identity.navigation import project_crumbs


@require_safe
def key_pair_list_page(request: PageRequest) -> HttpResponse:
    """The viewer's key pairs."""
    slug = request.project.slug
    query = request.GET.get("q", "").replace("\x00", "").strip()
    sort = request.GET.get("sort", "")
    rows = key_pair_list(request.caller)
    found = rows.filter(name__icontains=query) if query else rows
    page = keyset_page(request, found, order=KeyPairTable.keys(sort))
    actions = _actions(request)
    context = {
        "crumbs": project_crumbs(request, (_("Key pairs"), "")),
        "table": KeyPairTable(slug, page.rows, sort=sort),
        "pager": page.pager,
        "count": found.count(),
        "actions": actions,
        "filter": {"query": query, "placeholder": _("Filter by name")} if page.rows or query else None,
        "empty": {"kind": "match", "clear_url": request.path}
        if query
        else {
            "icon": "key",
            "title": _("No key pairs yet"),
            "text": _("With a key pair you log in to instances by SSH, without a password."),
            "action": actions[-1],
        },
    }
    return render(request, "compute/key_pairs.html", context)


def _actions(request: PageRequest) -> list[dict[str, Any]]:
    slug = request.project.slug
    shown: list[dict[str, Any]] = [
        {
            "label": _("Import key"),
            "icon": "upload",
            "method": "get",
            "url": reverse("project:key-pair-import", args=[slug]),
        },
        {
            "label": _("Create key pair"),
            "icon": "plus",
            "method": "get",
            "primary": True,
            "url": reverse("project:key-pair-create", args=[slug]),
        },
    ]
    if not request.caller.may(Role.MEMBER):
        return [{**action, "disabled": _("This needs the role “member”.")} for action in shown]
    return shown


def _form_page(request: PageRequest, form: Any, *, title: str, submit: str, intro: str) -> HttpResponse:
    back = reverse("project:key-pairs", args=[request.project.slug])
    context = {
        "crumbs": project_crumbs(request, (_("Key pairs"), back), (title, "")),
        "form": form,
        "title": title,
        "submit": submit,
        "intro": intro,
        "cancel_url": back,
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: PageRequest) -> HttpResponse:
    """Import a public key."""
    require_role(request.caller, Role.MEMBER)
    form = KeyPairImportForm(request.POST if request.method == "POST" else None)
    if form.is_bound and accepted(form, lambda: key_pairs.key_pair_import(request.caller, **form.cleaned_data)):
        name = form.cleaned_data["name"]
        to = reverse("project:key-pairs", args=[request.project.slug])
        return go(request, _("The key “%(name)s” is kept.") % {"name": name}, to=to)
    return _form_page(
        request,
        form,
        title=_("Import key"),
        submit=_("Import key"),
        intro=_("Only the public half is kept: the file that ends in .pub."),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def generate(request: PageRequest) -> HttpResponse:
    """Make a pair and show its private half, this once."""
    require_role(request.caller, Role.MEMBER)
    form = KeyPairGenerateForm(request.POST if request.method == "POST" else None)
    made: list[Any] = []
    if form.is_bound and accepted(
        form, lambda: made.extend(key_pairs.key_pair_generate(request.caller, name=form.cleaned_data["name"]))
    ):
        back = reverse("project:key-pairs", args=[request.project.slug])
        context = {
            "crumbs": project_crumbs(request, (_("Key pairs"), back), (made[0].name, "")),
            "key_pair": made[0],
            "secret": made[1],
            "back_url": back,
        }
        return render(request, "compute/key_pair_made.html", context)
    return _form_page(
        request,
        form,
        title=_("Create key pair"),
        submit=_("Create key pair"),
        intro=_("An Ed25519 pair is made. The private half is shown once and never kept here."),
    )


@require_POST
def delete(request: PageRequest, key_pair_id: uuid.UUID) -> HttpResponse:
    """Forget a key pair."""
    name = key_pair_get(request.caller, key_pair_id=key_pair_id).name
    key_pairs.key_pair_delete(request.caller, key_pair_id=key_pair_id)
    to = reverse("project:key-pairs", args=[request.project.slug])
    return go(request, _("The key pair “%(name)s” is deleted.") % {"name": name}, to=to)

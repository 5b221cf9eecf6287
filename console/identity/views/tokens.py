"""API access: tokens for automation."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.core.errors import Refusal
from console.core.pages import PageRequest, refuse, stay
from console.core.scope import Role
from console.identity.forms import TokenForm
from console.identity.navigation import project_crumbs
from console.identity.selectors import token_list
from console.identity.services.tokens import token_create, token_revoke
from console.identity.tables import TokenTable

API_ROOT = "/api/v1/"


@require_safe
def tokens(request: PageRequest) -> HttpResponse:
    """One's own tokens in the project; administrators see everybody's."""
    slug = request.project.slug
    rows = list(token_list(request.caller).order_by("-created_at"))
    create = {
        "label": _("Create token"),
        "icon": "plus",
        "url": reverse("project:token-create", args=[slug]),
        "method": "get",
        "primary": True,
    }
    table = TokenTable(rows, slug=slug)
    if not request.caller.may(Role.ADMIN):
        table.columns.hide("owner")
    context = {
        "crumbs": project_crumbs(request, (_("API access"), "")),
        "shown_count": len(rows),
        "actions": [create],
        "table": table,
        "list_id": "tokens",
        "empty": {
            "title": _("No token yet"),
            "text": _("A token lets a script or a tool act in this project as you do, without your password."),
            "icon": "key",
            "action": create,
        },
        "endpoint": settings.PUBLIC_URL + API_ROOT,
        "schema_url": reverse("api:schema"),
        "docs_url": reverse("api:docs"),
    }
    return render(request, "identity/tokens.html", context)


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def token_create_view(request: PageRequest) -> HttpResponse:
    """Make a token and show its secret, this once."""
    crumbs = project_crumbs(
        request,
        (_("API access"), reverse("project:tokens", args=[request.project.slug])),
        (_("Create token"), ""),
    )
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = token_create(request.caller, name=form.cleaned_data["name"], expires_at=form.expires_at)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            context = {
                "crumbs": crumbs,
                "token": token,
                "secret": secret,
                "endpoint": settings.PUBLIC_URL + API_ROOT,
                "list_url": reverse("project:tokens", args=[request.project.slug]),
            }
            return render(request, "identity/token_created.html", context)
    context = {
        "crumbs": crumbs,
        "title": _("Create token"),
        "intro": _("It acts in this project with your rights, and loses them when you do."),
        "form": form,
        "submit": _("Create token"),
        "cancel_url": reverse("project:tokens", args=[request.project.slug]),
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_POST
def token_revoke_view(request: PageRequest, token_id: uuid.UUID) -> HttpResponse:
    """Make a token useless."""
    token = token_revoke(request.caller, token_id=token_id)
    done = _("Token %(name)s is revoked.") % {"name": token.name}
    return stay(request, done, fallback=reverse("project:tokens", args=[request.project.slug]))

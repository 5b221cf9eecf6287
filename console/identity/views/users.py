"""People, for staff."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.core.errors import Conflict, Refusal
from console.core.pages import PageRequest, accepted, go, refuse, stay
from console.core.paging import keyset_page
from console.identity.filters import UserFilter
from console.identity.forms import UserCreateForm, UserForm
from console.identity.models.users import User
from console.identity.navigation import ROLE_LABELS, fleet_crumbs
from console.identity.selectors import memberships_of, user_get, user_list
from console.identity.services.users import user_create, user_reset_password, user_update
from console.identity.tables import UserTable, enabled_pill, quiet, user_actions


@require_safe
def users(request: PageRequest) -> HttpResponse:
    """Everybody who can sign in, or could."""
    asked = UserFilter(request)
    rows = asked.apply(user_list(request.caller))
    page = keyset_page(request, rows, order=("username",))
    create = {
        "label": _("Create user"),
        "icon": "user-plus",
        "url": reverse("fleet:user-create"),
        "method": "get",
        "primary": True,
    }
    context = {
        "crumbs": fleet_crumbs((_("Users"), "")),
        "title": _("Users"),
        "shown_count": rows.count(),
        "actions": [create],
        "table": UserTable(page.rows, scope=request.caller),
        "list_id": "users",
        "filter": asked.context(),
        "pager": page.pager,
        "empty": asked.empty({"title": _("No user yet"), "icon": "users", "action": create}),
    }
    return render(request, "pages/list.html", context)


@never_cache
@sensitive_variables("password")
@require_http_methods(["GET", "HEAD", "POST"])
def user_create_view(request: PageRequest) -> HttpResponse:
    """Make a user and show the password, this once."""
    form = UserCreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = user_create(request.caller, **form.cleaned_data)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            return _password_page(request, user, password, _("User %(name)s is ready") % {"name": user.username})
    context = {
        "crumbs": fleet_crumbs((_("Users"), reverse("fleet:users")), (_("Create user"), "")),
        "title": _("Create user"),
        "intro": _("A password is generated and shown once. Projects are joined on their Members pages."),
        "form": form,
        "submit": _("Create user"),
        "cancel_url": reverse("fleet:users"),
    }
    return render(request, "pages/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def user_detail(request: PageRequest, user_id: uuid.UUID) -> HttpResponse:
    """One person: data, projects, password."""
    user = user_get(request.caller, user_id=user_id)
    form = UserForm(request.POST or None, initial={"full_name": user.full_name, "email": user.email})
    if request.method == "POST" and accepted(
        form, lambda: user_update(request.caller, user_id=user.pk, **form.cleaned_data)
    ):
        done = _("User %(name)s is saved.") % {"name": user.username}
        return go(request, done, to=reverse("fleet:user", args=[user.pk]))
    context = {
        "crumbs": fleet_crumbs((_("Users"), reverse("fleet:users")), (user.username, "")),
        "person": user,
        "pill": enabled_pill(user.is_active),
        "actions": [quiet(action) for action in user_actions(user, request.caller) if action.get("method") != "get"],
        "memberships": [
            {
                "name": membership.project.name,
                "url": reverse("project:members", args=[membership.project.slug]),
                "role": ROLE_LABELS.get(membership.role, membership.role),
            }
            for membership in memberships_of(request.caller, user_id=user.pk)
        ],
        "audit_url": f"{reverse('fleet:audit')}?actor={user.username}",
        "form": form,
    }
    return render(request, "identity/user.html", context, status=422 if form.is_bound else 200)


@require_POST
def user_change(request: PageRequest, user_id: uuid.UUID) -> HttpResponse:
    """Enable, disable, make staff or not."""
    if user_id == request.caller.user_id:
        raise Conflict(_("This is your own account."), hint=_("Ask another member of staff."))
    flags: dict[str, Any] = {
        name: request.POST[name] == "1" for name in ("is_active", "is_staff") if name in request.POST
    }
    user = user_update(request.caller, user_id=user_id, **flags)
    done = _("User %(name)s is changed.") % {"name": user.username}
    return stay(request, done, fallback=reverse("fleet:user", args=[user.pk]))


@never_cache
@sensitive_variables("password")
@require_POST
def user_password(request: PageRequest, user_id: uuid.UUID) -> HttpResponse:
    """Give a user a new password and show it, this once."""
    user = user_get(request.caller, user_id=user_id)
    password = user_reset_password(request.caller, user_id=user.pk)
    return _password_page(request, user, password, _("New password for %(name)s") % {"name": user.username})


def _password_page(request: PageRequest, user: User, password: str, title: str) -> HttpResponse:
    context = {
        "crumbs": fleet_crumbs((_("Users"), reverse("fleet:users")), (user.username, "")),
        "title": title,
        "person": user,
        "password": password,
        "user_url": reverse("fleet:user", args=[user.pk]),
        "list_url": reverse("fleet:users"),
    }
    return render(request, "identity/password.html", context)

"""Who belongs to a project."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.core.pages import PageRequest, accepted, go, stay
from console.core.scope import Role
from console.identity.forms import MemberForm
from console.identity.navigation import ROLE_HINTS, ROLE_LABELS, project_crumbs
from console.identity.selectors import member_get, member_list, membership_of_caller
from console.identity.services.projects import member_remove, member_set
from console.identity.tables import MemberTable, member_actions, quiet


def _page(request: PageRequest, form: MemberForm, status: int = 200) -> HttpResponse:
    scope = request.caller
    rows = list(member_list(scope).order_by("user__username"))
    own = membership_of_caller(scope)
    context = {
        "crumbs": project_crumbs(request, (_("Members"), "")),
        "title": _("Members"),
        "shown_count": len(rows),
        "table": MemberTable(rows, scope=scope),
        "list_id": "members",
        "live_model": "membership",
        "empty": {
            "title": _("Nobody belongs to this project yet"),
            "text": _("Add people by their login name. Whoever runs the cloud makes the accounts."),
            "icon": "users",
        },
        "form": form,
        "may_manage": scope.may(Role.ADMIN),
        "leave": quiet(member_actions(own, scope)[-1]) if own else None,
        "roles": [{"label": ROLE_LABELS[role], "value": ROLE_HINTS[role]} for role in Role],
        "add_url": reverse("project:member-add", args=[request.project.slug]),
    }
    return render(request, "identity/members.html", context, status=status)


@require_safe
def members(request: PageRequest) -> HttpResponse:
    """The members with their roles; administrators add to them here."""
    return _page(request, MemberForm())


@require_POST
def member_add(request: PageRequest) -> HttpResponse:
    """Add somebody by login name."""
    form = MemberForm(request.POST)
    if not accepted(form, lambda: member_set(request.caller, **form.cleaned_data)):
        return _page(request, form, status=422)
    done = _("%(name)s is a member now.") % {"name": form.cleaned_data["username"]}
    return go(request, done, to=_list(request))


@require_POST
def member_role(request: PageRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Give a member another role."""
    member = member_get(request.caller, membership_id=membership_id)
    changed = member_set(request.caller, username=member.user.username, role=request.POST.get("role", ""))
    done = _("%(name)s: %(role)s.") % {"name": changed.user, "role": ROLE_LABELS[changed.role]}
    return stay(request, done, fallback=_list(request))


@require_POST
def member_remove_view(request: PageRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Take a member out, or leave."""
    member = member_get(request.caller, membership_id=membership_id)
    member_remove(request.caller, membership_id=member.pk)
    if member.user_id == request.caller.user_id:
        return go(request, _("You have left %(project)s.") % {"project": request.project.name}, to=reverse("home"))
    done = _("%(name)s is no longer a member.") % {"name": member.user}
    return stay(request, done, fallback=_list(request))


def _list(request: PageRequest) -> str:
    return reverse("project:members", args=[request.project.slug])

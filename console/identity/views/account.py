"""One's own account."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console.core.pages import PageRequest, accepted, go
from console.identity.forms import ProfileForm
from console.identity.navigation import ROLE_LABELS
from console.identity.selectors import memberships_of
from console.identity.services.profile import profile_update


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: PageRequest) -> HttpResponse:
    """Name and e-mail, password, projects, and how the pages look."""
    user = request.user
    form = ProfileForm(request.POST or None, initial={"full_name": user.full_name, "email": user.email})
    if request.method == "POST" and accepted(form, lambda: profile_update(request.caller, **form.cleaned_data)):
        return go(request, _("Your account is saved."), to=reverse("account"))
    context = {
        "form": form,
        "theme_choices": [
            {"value": "auto", "label": _("Automatic"), "icon": "device-desktop"},
            {"value": "light", "label": _("Light"), "icon": "sun"},
            {"value": "dark", "label": _("Dark"), "icon": "moon"},
        ],
        "memberships": [
            {
                "name": membership.project.name,
                "url": reverse("project:overview", args=[membership.project.slug]),
                "role": ROLE_LABELS.get(membership.role, membership.role),
                "enabled": membership.project.enabled,
            }
            for membership in memberships_of(request.caller, user_id=user.pk)
        ],
    }
    return render(request, "identity/account.html", context, status=422 if form.is_bound else 200)

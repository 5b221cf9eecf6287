"""Words and tabs that several pages of this app and of operations share."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.errors import Text
from console.core.pages import PageRequest
from console.core.scope import Role

ROLE_LABELS: dict[str, Text] = {
    Role.READER: gettext_lazy("Reader"),
    Role.MEMBER: gettext_lazy("Member"),
    Role.ADMIN: gettext_lazy("Administrator"),
}
ROLE_HINTS: dict[str, Text] = {
    Role.READER: gettext_lazy("Sees everything in the project and changes nothing."),
    Role.MEMBER: gettext_lazy("Makes, changes and deletes instances, images and key pairs."),
    Role.ADMIN: gettext_lazy("Also manages members, everybody's tokens, and reads the audit log."),
}


def activity_tabs(request: PageRequest, active: str) -> list[dict[str, Any]]:
    """Operations and audit of a project; the audit log is for its administrators."""
    if not request.caller.may(Role.ADMIN):
        return []
    slug = request.project.slug
    return [
        {
            "label": _("Operations"),
            "icon": "list-check",
            "url": reverse("project:operations", args=[slug]),
            "active": active == "operations",
        },
        {
            "label": _("Audit"),
            "icon": "shield-check",
            "url": reverse("project:audit", args=[slug]),
            "active": active == "audit",
        },
    ]


def project_crumbs(request: PageRequest, *crumbs: tuple[Any, str]) -> list[dict[str, Any]]:
    """A breadcrumb that begins with the project."""
    project = request.project
    first = {"label": project.name, "url": reverse("project:overview", args=[project.slug])}
    return [first, *({"label": label, "url": url} for label, url in crumbs)]


def fleet_crumbs(*crumbs: tuple[Any, str]) -> list[dict[str, Any]]:
    """A breadcrumb that begins with the infrastructure."""
    first = {"label": _("Infrastructure"), "url": reverse("fleet:hosts")}
    return [first, *({"label": label, "url": url} for label, url in crumbs)]

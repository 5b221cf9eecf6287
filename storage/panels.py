"""The parts of an image's page, rendered alike for a request and for a push."""

from __future__ import annotations

import uuid
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from console.core.scope import Role, Scope
from console.core.templatetags.ui import mib, size
from console.identity.selectors import project_get
from storage.models.images import Image, Visibility
from storage.selectors import image_get, image_use
from storage.states import ImageStatus
from storage.tables import delete_action


def slug_of(scope: Scope) -> str:
    """The address of the viewer's project."""
    return str(project_get(scope, project_id=scope.project_id or "").slug)


def image_context(scope: Scope, image_id: uuid.UUID | str) -> dict[str, Any]:
    """An image: its state, its facts, and its file if that is still to come."""
    image = image_get(scope, image_id=image_id)
    project = project_get(scope, project_id=scope.project_id or "")
    slug = project.slug
    own = image.project_id == scope.project_id and scope.may(Role.MEMBER)
    return {
        "image": image,
        "facts": _facts(scope, image),
        "use_url": f"{reverse('project:instance-create', args=[slug])}?image={image.pk}"
        if image.status == ImageStatus.ACTIVE and scope.may(Role.MEMBER)
        else "",
        "edit_url": reverse("project:image-edit", args=[slug, image.pk]) if own else "",
        "delete": delete_action(image, scope, slug),
        "upload_url": reverse("project:image-file", args=[slug, image.pk])
        if own and image.status == ImageStatus.QUEUED
        else "",
        "page_url": reverse("project:image", args=[slug, image.pk]),
        "crumbs": [
            {"label": project.name, "url": reverse("project:overview", args=[slug])},
            {"label": _("Images"), "url": reverse("project:images", args=[slug])},
            {"label": image.name},
        ],
    }


def _facts(scope: Scope, image: Image) -> list[dict[str, Any]]:
    return [
        {"label": _("Description"), "value": image.description},
        {"label": _("Format"), "value": image.format},
        {"label": _("File"), "value": size(image.size) if image.size else ""},
        {"label": _("Disk"), "value": size(image.virtual_size) if image.virtual_size else ""},
        {"label": _("Least memory"), "value": mib(image.min_memory_mib) if image.min_memory_mib else ""},
        {
            "label": _("Who may use it"),
            "value": _("All projects") if image.visibility == Visibility.PUBLIC else _("This project"),
        },
        {"label": _("Disks made from it"), "value": image_use(scope, image)},
        {"label": "SHA-256", "value": image.checksum or image.expected_checksum, "mono": True, "copy": True},
        {"label": _("Id"), "value": str(image.pk), "mono": True, "copy": True},
    ]


def image_html(scope: Scope, image_id: uuid.UUID | str) -> str:
    return render_to_string("storage/image_body.html", image_context(scope, image_id))

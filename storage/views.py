"""Images: listed, described, filled with a file from the browser, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.core.pages import PageRequest, accepted, go, stay
from console.core.paging import keyset_page
from console.core.policies import require_role
from console.core.scope import Role
from console.identity.navigation import project_crumbs
from storage.forms import ImageEditForm, ImageForm
from storage.panels import image_context
from storage.selectors import image_get, image_list
from storage.services import images
from storage.tables import ImageTable

_CHUNK = 1 << 20


@require_safe
def image_list_page(request: PageRequest) -> HttpResponse:
    """The images that the project may use."""
    slug = request.project.slug
    query = request.GET.get("q", "").replace("\x00", "").strip()
    sort = request.GET.get("sort", "")
    rows = image_list(request.caller)
    found = rows.filter(name__icontains=query) if query else rows
    page = keyset_page(request, found, order=ImageTable.keys(sort))
    create = {"label": _("Create image"), "icon": "plus", "primary": True, "method": "get"}
    if request.caller.may(Role.MEMBER):
        create["url"] = reverse("project:image-create", args=[slug])
    else:
        create["disabled"] = _("This needs the role “member”.")
    context = {
        "crumbs": project_crumbs(request, (_("Images"), "")),
        "table": ImageTable(request.caller, slug, page.rows, sort=sort),
        "pager": page.pager,
        "count": found.order_by().count(),
        "create": create,
        "filter": {"query": query, "placeholder": _("Filter by name")} if page.rows or query else None,
        "empty": {"kind": "match", "clear_url": request.path}
        if query
        else {
            "icon": "disc",
            "title": _("No images yet"),
            "text": _("An image is the disk that an instance begins with. Upload a qcow2 or raw file."),
            "action": create,
        },
    }
    return render(request, "storage/images.html", context)


@require_safe
def detail(request: PageRequest, image_id: uuid.UUID) -> HttpResponse:
    """One image."""
    return render(request, "storage/image.html", image_context(request.caller, image_id))


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PageRequest) -> HttpResponse:
    """Describe an image. The page's script asks for JSON and then sends the file to the address it is told."""
    require_role(request.caller, Role.MEMBER)
    by_script = "application/json" in request.headers.get("Accept", "")
    form = ImageForm(request.POST if request.method == "POST" else None, may_share=request.caller.is_staff)
    made: list[Any] = []
    if form.is_bound and accepted(form, lambda: made.append(images.image_create(request.caller, **form.cleaned_data))):
        args = [request.project.slug, made[0].pk]
        if by_script:
            body = {"file": reverse("project:image-file", args=args), "page": reverse("project:image", args=args)}
            return JsonResponse(body, status=201)
        return HttpResponseRedirect(reverse("project:image", args=args))
    back = reverse("project:images", args=[request.project.slug])
    context = {
        "crumbs": project_crumbs(request, (_("Images"), back), (_("Create image"), "")),
        "form": form,
        "cancel_url": back,
    }
    return render(request, "storage/image_new.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, image_id: uuid.UUID) -> HttpResponse:
    """Change what is said of an image."""
    image = image_get(request.caller, image_id=image_id)
    page = reverse("project:image", args=[request.project.slug, image.pk])
    initial = {name: getattr(image, name) for name in ImageEditForm.base_fields}
    form = ImageEditForm(
        request.POST if request.method == "POST" else None, initial=initial, may_share=request.caller.is_staff
    )
    if form.is_bound and accepted(
        form, lambda: images.image_update(request.caller, image_id=image.pk, **form.cleaned_data)
    ):
        return go(request, _("The image is changed."), to=page)
    back = reverse("project:images", args=[request.project.slug])
    context = {
        "crumbs": project_crumbs(request, (_("Images"), back), (image.name, page), (_("Edit"), "")),
        "form": form,
        "image": image,
        "cancel_url": page,
    }
    return render(request, "storage/image_edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["POST", "PUT"])
def file(request: PageRequest, image_id: uuid.UUID) -> JsonResponse:
    """Take the file, as the body of the request."""
    image, operation = images.image_receive(request.caller, image_id=image_id, chunks=_chunks(request))
    page = reverse("project:image", args=[request.project.slug, image.pk])
    return JsonResponse({"page": page, "operation": str(operation.pk)}, status=202)


def _chunks(request: PageRequest) -> Iterator[bytes]:
    while chunk := request.read(_CHUNK):
        yield chunk


@require_POST
def delete(request: PageRequest, image_id: uuid.UUID) -> HttpResponse:
    """Delete an image."""
    name = image_get(request.caller, image_id=image_id).name
    images.image_delete(request.caller, image_id=image_id)
    back = reverse("project:images", args=[request.project.slug])
    done = _("“%(name)s” is being deleted.") % {"name": name}
    ending = reverse("project:image", args=[request.project.slug, image_id])
    return stay(request, done, fallback=back, level="info", ending=ending)

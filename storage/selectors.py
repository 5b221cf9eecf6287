"""Reading images and volumes."""

from __future__ import annotations

import uuid

from django.db.models import Count, QuerySet

from console.core.scope import Scope
from storage.models.images import Image
from storage.models.volumes import Volume
from storage.states import ImageStatus


def image_list(scope: Scope) -> QuerySet[Image]:
    return Image.objects.within(scope).select_related("project")


def image_choices(scope: Scope) -> QuerySet[Image]:
    """Images that a disk can be made from."""
    return image_list(scope).filter(status=ImageStatus.ACTIVE)


def image_get(scope: Scope, *, image_id: uuid.UUID | str) -> Image:
    image: Image = Image.objects.get_within(scope, pk=image_id)
    return image


def image_use(scope: Scope, image: Image) -> int:
    """How many disks that the viewer may know of are made from it."""
    return Volume.objects.within(scope).filter(image=image).aggregate(count=Count("pk"))["count"]


def volumes_of(scope: Scope, *, instance_id: uuid.UUID) -> QuerySet[Volume]:
    """The disks of an instance, in the order in which the guest sees them."""
    return Volume.objects.within(scope).filter(instance_id=instance_id).select_related("image").order_by("target")

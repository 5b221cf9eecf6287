"""The states of images and volumes, as Glance and Cinder name them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.core.pills import Pill


class ImageStatus(models.TextChoices):
    QUEUED = "queued", _("waiting for data")
    SAVING = "saving", _("checking")
    ACTIVE = "active", _("active")
    ERROR = "error", _("error")
    DELETING = "deleting", _("deleting")


IMAGE_PILLS = {
    ImageStatus.QUEUED: Pill(ImageStatus.QUEUED.label, "grey", "clock"),
    ImageStatus.SAVING: Pill(ImageStatus.SAVING.label, "azure", "loader", busy=True),
    ImageStatus.ACTIVE: Pill(ImageStatus.ACTIVE.label, "green", "circle-check"),
    ImageStatus.ERROR: Pill(ImageStatus.ERROR.label, "red", "alert-triangle"),
    ImageStatus.DELETING: Pill(ImageStatus.DELETING.label, "azure", "loader", busy=True),
}


class VolumeStatus(models.TextChoices):
    CREATING = "creating", _("creating")
    IN_USE = "in-use", _("in use")
    ERROR = "error", _("error")
    DELETING = "deleting", _("deleting")

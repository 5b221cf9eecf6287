"""Images: what root disks are made from."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.core.models import ScopedModel
from console.core.pills import Pill
from console.core.scope import Scope
from storage.states import IMAGE_PILLS, ImageStatus


class Visibility(models.TextChoices):
    PRIVATE = "private", _("private")
    PUBLIC = "public", _("public")


class Format(models.TextChoices):
    QCOW2 = "qcow2", "qcow2"
    RAW = "raw", "raw"


class Image(ScopedModel):
    """A disk image. `size` is the file's and `virtual_size` the disk's, both in bytes; `checksum` is SHA-256."""

    project = models.ForeignKey("identity.Project", on_delete=models.CASCADE, related_name="images")
    name = models.CharField(_("name"), max_length=128)
    description = models.CharField(_("description"), max_length=255, blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=16, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    status = models.CharField(_("status"), max_length=16, choices=ImageStatus.choices, default=ImageStatus.QUEUED)
    trouble = models.TextField(blank=True)
    format = models.CharField(_("format"), max_length=8, choices=Format.choices)
    size = models.BigIntegerField(_("size"), default=0)
    virtual_size = models.BigIntegerField(_("disk size"), default=0)
    checksum = models.CharField(max_length=64, blank=True)
    expected_checksum = models.CharField(max_length=64, blank=True)
    expected_size = models.BigIntegerField(null=True)
    min_memory_mib = models.PositiveIntegerField(_("least memory"), default=0)

    class Meta(ScopedModel.Meta):
        verbose_name = _("image")
        ordering = ("name",)
        indexes = [models.Index(fields=("project", "name"), name="image_by_name")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        return Q(project_id=scope.project_id) | Q(visibility=Visibility.PUBLIC)

    @property
    def pill(self) -> Pill:
        return IMAGE_PILLS[ImageStatus(self.status)]

    @property
    def path(self) -> Path:
        """Where the accepted file is kept."""
        return Path(settings.IMAGE_DIR) / str(self.pk)

    @property
    def upload_path(self) -> Path:
        """Where a file lies until it has been checked."""
        return Path(settings.UPLOAD_DIR) / f"{self.pk}.part"

    @property
    def volume_name(self) -> str:
        """The volume that holds it in a host's pool."""
        return f"image-{self.pk}.{self.format}"


class ImageCopy(ScopedModel):
    """An image on its way to a host's pool. `holder` is the operation that carries it; nobody else may meanwhile."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="copies")
    host = models.ForeignKey("fleet.Host", on_delete=models.CASCADE, related_name="image_copies")
    holder = models.ForeignKey("operations.Operation", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta(ScopedModel.Meta):
        verbose_name = _("image copy")
        constraints = [models.UniqueConstraint(fields=("image", "host"), name="one_copy_per_host")]

    def __str__(self) -> str:
        return f"{self.image_id} on {self.host_id}"

    @classmethod
    def visible_to(cls, _scope: Scope) -> Q:
        return Q(pk__in=[])

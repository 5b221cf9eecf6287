"""Volumes: the disks of instances."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.core.models import ScopedModel
from storage.states import VolumeStatus


class Volume(ScopedModel):
    """A disk in a host's pool. Its name there is its id, so it can be made twice without there being two."""

    project = models.ForeignKey("identity.Project", on_delete=models.CASCADE, related_name="volumes")
    name = models.CharField(_("name"), max_length=128)
    status = models.CharField(max_length=16, choices=VolumeStatus.choices, default=VolumeStatus.CREATING)
    size_gib = models.PositiveIntegerField(_("size"))
    host = models.ForeignKey("fleet.Host", on_delete=models.PROTECT, related_name="volumes")
    pool = models.CharField(max_length=64)
    image = models.ForeignKey("storage.Image", null=True, on_delete=models.PROTECT, related_name="volumes")
    instance = models.ForeignKey("compute.Instance", null=True, on_delete=models.CASCADE, related_name="volumes")
    target = models.CharField(max_length=16, default="vda")

    class Meta(ScopedModel.Meta):
        verbose_name = _("volume")
        ordering = ("name",)
        indexes = [models.Index(fields=("project", "name"), name="volume_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def file_name(self) -> str:
        """Its name in the pool."""
        return f"volume-{self.pk}.qcow2"

    @property
    def serial(self) -> str:
        """What the guest sees: the first 20 characters of the id, which is all that virtio takes."""
        return str(self.pk)[:20]

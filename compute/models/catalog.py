"""What an instance is made with: flavors and key pairs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.core.models import ScopedModel
from console.core.scope import Scope


class Flavor(ScopedModel):
    """A size. Memory in MiB, disk in GiB. Instances copy its numbers, so changing a flavor never changes a guest."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True)
    vcpus = models.PositiveIntegerField(_("vCPUs"))
    memory_mib = models.PositiveIntegerField(_("memory"))
    disk_gib = models.PositiveIntegerField(_("disk"))
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("flavor")
        ordering = ("vcpus", "memory_mib", "disk_gib", "name")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        return Q() if scope.is_staff or scope.is_system else Q(enabled=True)


class KeyPair(ScopedModel):
    """An SSH public key. It belongs to its user, in whichever project he works. The private half is never kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="key_pairs")
    name = models.CharField(_("name"), max_length=128)
    public_key = models.TextField(_("public key"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    key_type = models.CharField(_("type"), max_length=64)

    class Meta(ScopedModel.Meta):
        verbose_name = _("key pair")
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("user", "name"), name="one_key_pair_per_name")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        return Q(user_id=scope.user_id) if scope.user_id else Q(pk__in=[])

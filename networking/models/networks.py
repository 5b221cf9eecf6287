"""Networks, and the ports by which instances hang on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.core.models import ScopedModel
from console.core.scope import Scope


class Network(ScopedModel):
    """A libvirt network that hosts have under one name. Without a project it is shared by all."""

    project = models.ForeignKey("identity.Project", null=True, on_delete=models.CASCADE, related_name="networks")
    name = models.CharField(_("name"), max_length=64)
    libvirt_name = models.CharField(max_length=64, unique=True)
    cidr = models.CharField(_("addresses"), max_length=64, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = _("network")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=("is_default",), condition=Q(is_default=True), name="one_default_network")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        return Q(project_id=scope.project_id) | Q(project=None)


class Port(ScopedModel):
    """A network card of an instance. Its MAC is minted here; its address is what DHCP gave out."""

    project = models.ForeignKey("identity.Project", on_delete=models.CASCADE, related_name="ports")
    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="ports")
    instance = models.ForeignKey("compute.Instance", null=True, on_delete=models.CASCADE, related_name="ports")
    mac = models.CharField(max_length=17, unique=True)
    address = models.GenericIPAddressField(null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("port")
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.mac

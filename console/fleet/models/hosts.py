"""Hosts, what they can hold, and the domains on them that are not ours."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.core.models import ScopedModel
from console.core.pills import Pill
from console.core.scope import Scope
from console.fleet.states import PILLS, HostStatus, derive_status


class FleetModel(ScopedModel):
    """A row of the fleet: no project sees it."""

    class Meta(ScopedModel.Meta):
        abstract = True

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        return Q() if scope.is_system or scope.is_staff else Q(pk__in=[])


class Host(FleetModel):
    """A libvirt host. Facts are what it said at enrolment; `used_*` is what placement has promised on it."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    uri = models.CharField(_("libvirt URI"), max_length=255, unique=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    enrolled = models.BooleanField(default=False)
    reachable = models.BooleanField(default=False)
    last_seen = models.DateTimeField(_("last seen"), null=True)
    trouble = models.TextField(blank=True)
    """Why it cannot be reached, in words."""

    host_uuid = models.UUIDField(null=True)
    arch = models.CharField(max_length=16, blank=True)
    cpu_model = models.CharField(max_length=128, blank=True)
    virt_type = models.CharField(_("accelerator"), max_length=8, blank=True)
    machine = models.CharField(max_length=64, blank=True)
    libvirt_version = models.CharField(max_length=32, blank=True)
    qemu_version = models.CharField(max_length=32, blank=True)

    cpus = models.PositiveIntegerField(default=0)
    memory_mib = models.PositiveBigIntegerField(default=0)
    reserved_memory_mib = models.PositiveBigIntegerField(_("memory kept for the host"), default=1024)
    vcpu_overcommit = models.FloatField(_("vCPU overcommit"), default=8.0)
    memory_overcommit = models.FloatField(_("memory overcommit"), default=1.0)
    used_vcpus = models.BigIntegerField(default=0)
    used_memory_mib = models.BigIntegerField(default=0)

    pool_name = models.CharField(max_length=64, blank=True)
    pool_path = models.CharField(max_length=255, blank=True)
    pool_capacity = models.BigIntegerField(default=0)
    pool_available = models.BigIntegerField(default=0)
    network_name = models.CharField(max_length=64, blank=True)

    class Meta(FleetModel.Meta):
        verbose_name = _("host")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> HostStatus:
        return derive_status(
            enrolled=self.enrolled, enabled=self.enabled, reachable=self.reachable, last_seen=self.last_seen
        )

    @property
    def pill(self) -> Pill:
        return PILLS[self.status]

    @property
    def vcpu_capacity(self) -> int:
        return int(self.cpus * self.vcpu_overcommit)

    @property
    def memory_capacity_mib(self) -> int:
        return int(max(0, self.memory_mib - self.reserved_memory_mib) * self.memory_overcommit)


class UnmanagedDomain(FleetModel):
    """A domain that a host shows and that is not ours. It is listed, and touched only when somebody adopts it."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="unmanaged_domains")
    uuid = models.UUIDField()
    name = models.CharField(_("name"), max_length=255)
    power = models.CharField(_("power"), max_length=16)
    vcpus = models.PositiveIntegerField(default=0)
    memory_mib = models.PositiveBigIntegerField(default=0)
    owner_installation = models.CharField(max_length=64, blank=True)
    """Another installation of Virtdeck that says the domain is its own; such a domain cannot be adopted."""

    class Meta(FleetModel.Meta):
        verbose_name = _("unmanaged domain")
        ordering = ("name",)
        indexes = [models.Index(fields=("name",), name="unmanaged_by_name")]
        constraints = [models.UniqueConstraint(fields=("host", "uuid"), name="one_row_per_unmanaged_domain")]

    def __str__(self) -> str:
        return self.name

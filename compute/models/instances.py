"""Instances: guests, as intended and as last seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from compute.states import PILLS, InstanceStatus, may, shown_status
from console.core.crypto import EncryptedTextField
from console.core.models import BaseModel, ScopedModel
from console.core.pills import Pill
from console.fleet.states import HostStatus

if TYPE_CHECKING:
    from networking.models.networks import Port


class Instance(ScopedModel):
    """A guest. Its id is the domain's UUID. Memory in MiB, disk in GiB.

    `status` is derived (`compute.states`) and written by `settle` alone. `observed` is the power state that the host
    showed last. `charged` is true while quota and capacity are taken for it. `delete_wanted` outlives the operation
    that has to end first.
    """

    project = models.ForeignKey("identity.Project", on_delete=models.PROTECT, related_name="instances")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(_("name"), max_length=128)
    description = models.CharField(_("description"), max_length=255, blank=True)
    host = models.ForeignKey("fleet.Host", null=True, on_delete=models.PROTECT, related_name="instances")
    domain_name = models.CharField(max_length=255)
    flavor = models.ForeignKey("compute.Flavor", null=True, on_delete=models.SET_NULL, related_name="instances")
    image = models.ForeignKey("storage.Image", null=True, on_delete=models.SET_NULL, related_name="instances")
    vcpus = models.PositiveIntegerField(_("vCPUs"))
    memory_mib = models.PositiveIntegerField(_("memory"))
    disk_gib = models.PositiveIntegerField(_("disk"), default=0)
    key_name = models.CharField(max_length=128, blank=True)
    public_key = models.TextField(blank=True)
    user_data = EncryptedTextField(blank=True)

    status = models.CharField(
        _("status"), max_length=16, choices=InstanceStatus.choices, default=InstanceStatus.BUILDING
    )
    observed = models.CharField(max_length=16, blank=True)
    observed_reason = models.CharField(max_length=64, blank=True)
    failed = models.BooleanField(default=False)
    trouble = models.TextField(blank=True)
    trouble_hint = models.TextField(blank=True)
    charged = models.BooleanField(default=False)
    adopted = models.BooleanField(default=False)
    delete_wanted = models.BooleanField(default=False)
    started_at = models.DateTimeField(_("running since"), null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("instance")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=("project", "-created_at", "-id"), name="instance_by_project"),
            models.Index(fields=("project", "name", "id"), name="instance_by_name"),
            models.Index(fields=("project", "status", "-created_at"), name="instance_by_status"),
            models.Index(fields=("-created_at", "-id"), name="instance_by_time"),
            models.Index(fields=("name", "id"), name="instance_by_name_in_fleet"),
            models.Index(fields=("status", "-created_at"), name="instance_by_status_in_fleet"),
            models.Index(fields=("host", "status"), name="instance_by_host"),
        ]

    def __str__(self) -> str:
        return self.name

    port_rows: list[Port]
    """Its ports with their networks, where `compute.selectors.instance_list` has fetched them."""

    @property
    def host_ok(self) -> bool:
        """Whether what is known of the instance is fresh."""
        return self.host is None or self.host.status in (HostStatus.UP, HostStatus.DISABLED)

    @property
    def shown(self) -> InstanceStatus:
        """The status that may be shown now."""
        return shown_status(self.status, host_ok=self.host_ok)

    @property
    def pill(self) -> Pill:
        return PILLS[self.shown]

    def may(self, act: str) -> bool:
        """Whether an act makes sense in the state that is shown."""
        return may(act, self.shown)

    @property
    def console_log_name(self) -> str:
        """The file in the host's pool that keeps the serial console's output."""
        return f"console-{self.pk}.log"

    @property
    def rotated_log_names(self) -> list[str]:
        """What virtlogd makes of that file when it has grown to 2 MiB (max_backups in virtlogd.conf)."""
        return [f"{self.console_log_name}.{number}" for number in range(3)]

    @property
    def config_drive_name(self) -> str:
        return f"config-{self.pk}.iso"


class ConsoleLog(BaseModel):
    """The end of an instance's serial output. `offset` is how much of the host's file has been read."""

    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, related_name="console_log")
    text = models.TextField(blank=True)
    offset = models.BigIntegerField(default=0)

    class Meta(BaseModel.Meta):
        verbose_name = _("console log")

    def __str__(self) -> str:
        return f"{self.instance_id}: {self.offset} bytes"

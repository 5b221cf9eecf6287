"""Projects, who belongs to them, and how much they may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.core.models import BaseModel, ScopedModel
from console.core.scope import Role, Scope


class Project(ScopedModel):
    """A tenant: all that runs belongs to one."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    slug = models.SlugField(_("address"), max_length=64, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("project")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        return Q(pk=scope.project_id)


class Membership(ScopedModel):
    """A user's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=[(r.value, r.value) for r in Role])

    class Meta(ScopedModel.Meta):
        verbose_name = _("member")
        ordering = ("user__username",)
        constraints = [models.UniqueConstraint(fields=("project", "user"), name="one_membership_per_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Resource(models.TextChoices):
    """What is counted. Units: RAM in MiB, gigabytes in GiB, the rest in pieces."""

    INSTANCES = "instances", _("Instances")
    VCPUS = "vcpus", _("vCPUs")
    RAM = "ram_mib", _("Memory")
    VOLUMES = "volumes", _("Volumes")
    GIGABYTES = "gigabytes", _("Disk space")


DEFAULT_LIMITS: dict[str, int] = {
    Resource.INSTANCES: 20,
    Resource.VCPUS: 40,
    Resource.RAM: 51200,
    Resource.VOLUMES: 40,
    Resource.GIGABYTES: 1000,
}
UNLIMITED = -1


class Quota(ScopedModel):
    """One resource of one project: how much it may use (-1: no limit) and how much it uses."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="quotas")
    resource = models.CharField(max_length=32, choices=Resource.choices)
    limit = models.BigIntegerField(_("limit"))
    used = models.BigIntegerField(_("used"), default=0)

    class Meta(ScopedModel.Meta):
        verbose_name = _("quota")
        ordering = ("resource",)
        constraints = [
            models.UniqueConstraint(fields=("project", "resource"), name="one_quota_per_resource"),
            models.CheckConstraint(condition=Q(used__gte=0), name="quota_used_not_negative"),
            models.CheckConstraint(condition=Q(limit__gte=UNLIMITED), name="quota_limit_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.resource}: {self.used} of {self.limit}"

    @property
    def left(self) -> int | None:
        """What is still free; None where nothing limits."""
        return None if self.limit == UNLIMITED else max(0, self.limit - self.used)


class ApiToken(ScopedModel):
    """A key for automation, within one project. Only a keyed hash of the secret is kept."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=64)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("token")
        ordering = ("-created_at",)
        indexes = [models.Index(fields=("project", "-created_at"), name="token_by_project")]

    def __str__(self) -> str:
        return self.name


class Setting(BaseModel):
    """A fact about this installation that must outlive restarts, e.g. its id."""

    key = models.CharField(max_length=64, unique=True)
    value = models.JSONField()

    class Meta(BaseModel.Meta):
        verbose_name = _("setting")

    def __str__(self) -> str:
        return self.key

    @classmethod
    def remembered(cls, key: str, default: Any) -> Any:
        """The value under a key, written once with the default if it is not there."""
        return cls._default_manager.get_or_create(key=key, defaults={"value": default})[0].value

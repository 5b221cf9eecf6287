"""Operations: everything slow, as rows that survive any crash."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.core.models import BaseModel, ScopedModel


class State(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    CANCELLING = "cancelling", _("cancelling")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE = (State.QUEUED, State.RUNNING, State.CANCELLING)


class Operation(ScopedModel):
    """A slow act on one thing: the intent, how far it got, and how it ended.

    `lane` is what must not be overrun, a host's id; operations of one lane run a few at a time. `attempt` is the
    fencing token: whoever claims the row raises it, and every later write names it. `undoing` is set once the steps
    are being taken back, whether for a failure or a cancel.
    """

    project = models.ForeignKey("identity.Project", null=True, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(_("kind"), max_length=48)
    target_type = models.CharField(max_length=32)
    target_id = models.UUIDField()
    target_name = models.CharField(_("target"), max_length=255, blank=True)
    params = models.JSONField(default=dict)
    lane = models.CharField(max_length=36, blank=True)

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.QUEUED)
    step = models.CharField(max_length=48, blank=True)
    step_number = models.PositiveSmallIntegerField(default=0)
    step_count = models.PositiveSmallIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(default=0)
    undoing = models.BooleanField(default=False)

    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    holder = models.CharField(max_length=128, blank=True)
    """The process that has the lease (`holders.me`)."""
    not_before = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)

    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    error_hint = models.TextField(blank=True)

    request_id = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="children")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = _("operation")
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("target_type", "target_id"),
                condition=Q(state__in=["queued", "running", "cancelling"]),
                name="one_active_operation_per_target",
            )
        ]
        indexes = [
            models.Index(fields=("project", "-created_at", "-id"), name="operation_by_project"),
            models.Index(fields=("-created_at", "-id"), name="operation_by_time"),
            models.Index(
                fields=("lane", "created_at"),
                condition=Q(state__in=["queued", "running", "cancelling"]),
                name="operation_active",
            ),
            models.Index(fields=("target_id", "-created_at"), name="operation_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_name}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def percent(self) -> int:
        """How far along, over all steps, in per cent."""
        if self.state == State.SUCCEEDED:
            return 100
        if not self.step_count:
            return 0
        return min(99, (max(0, self.step_number - 1) * 100 + self.progress) // self.step_count)


class OperationStep(BaseModel):
    """The journal: one row for each step that was begun."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=48)
    state = models.CharField(max_length=16)
    """`running`, `done`, `failed` or `undone`."""
    note = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta(BaseModel.Meta):
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("operation", "number"), name="one_row_per_step")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}: {self.state}"

"""What was done, by whom, and how it ended; and which requests were already answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.core.models import ScopedModel


class Outcome(models.TextChoices):
    DONE = "done", _("done")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    FAILED = "failed", _("failed")


class AuditEvent(ScopedModel):
    """One act. Written in the transaction of the change it tells of; never changed, never deleted by a cascade.

    A slow act leaves two: `accepted` when it is asked for, `done` or `failed` when its operation ends.
    """

    project = models.ForeignKey("identity.Project", null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(_("action"), max_length=64)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    target_type = models.CharField(max_length=32, blank=True)
    target_id = models.UUIDField(null=True)
    target_name = models.CharField(_("target"), max_length=255, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    detail = models.JSONField(default=dict)

    class Meta(ScopedModel.Meta):
        verbose_name = _("audit event")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=("project", "-created_at", "-id"), name="audit_by_project"),
            models.Index(fields=("-created_at", "-id"), name="audit_by_time"),
            models.Index(fields=("target_id", "-created_at"), name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}: {self.outcome}"


class AnsweredRequest(ScopedModel):
    """An Idempotency-Key that led to a change: written with the change, so a repeat can never do it twice."""

    project = models.ForeignKey("identity.Project", null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    wall = models.CharField(max_length=36)
    """The project's id, or `fleet`: never null, so that the constraint holds on every database."""
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    target_type = models.CharField(max_length=32, blank=True)
    target_id = models.UUIDField(null=True)
    operation_ids = models.JSONField(default=list)

    class Meta(ScopedModel.Meta):
        verbose_name = _("answered request")
        constraints = [models.UniqueConstraint(fields=("user", "wall", "key"), name="one_answer_per_key")]
        indexes = [models.Index(fields=("created_at",), name="answered_by_age")]

    def __str__(self) -> str:
        return self.key

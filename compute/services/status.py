"""The one place that writes an instance's status."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from compute.models.instances import Instance
from compute.states import ABSENT, derive_status
from console.core.bus import publish
from console.operations.services.operations import active_on
from console.virt.port import Power


def settle(instance: Instance, *, operation_kind: str | None = None, **facts: Any) -> None:
    """Write facts and the status that follows from them, in the caller's transaction, and tell the pages.

    `operation_kind` is what is being done to the instance; left out, it is looked up; empty means nothing.
    """
    for name, value in facts.items():
        setattr(instance, name, value)
    if operation_kind is None:
        active = active_on("instance", instance.pk)
        operation_kind = active.kind if active else ""
    if instance.delete_wanted:
        operation_kind = "instance.delete"
    instance.status = derive_status(operation_kind=operation_kind, observed=instance.observed, failed=instance.failed)
    values = {**facts, "status": instance.status, "updated_at": timezone.now()}
    Instance.unscoped.filter(pk=instance.pk).update(**values)
    publish("instance", instance.pk, project_id=instance.project_id)


def note_power(instance: Instance, power: str, reason: str = "", *, operation_kind: str | None = None) -> None:
    """Take over what a host shows of an instance. Nothing is written where nothing changed."""
    if instance.observed == power and instance.observed_reason == reason[:64] and operation_kind is None:
        return
    facts: dict[str, Any] = {"observed": power, "observed_reason": reason[:64]}
    if power == Power.RUNNING and instance.started_at is None:
        facts["started_at"] = timezone.now()
    elif power in (Power.STOPPED, Power.CRASHED, ABSENT):
        facts["started_at"] = None
    settle(instance, operation_kind=operation_kind, **facts)

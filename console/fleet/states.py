"""What a host can be, and how each state is told."""

from __future__ import annotations

import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.core.pills import Pill

STALE_AFTER = datetime.timedelta(seconds=90)
"""A host that was not seen for this long is never shown as up: the observer itself may be gone."""


class HostStatus(models.TextChoices):
    NEW = "new", _("not enrolled")
    UP = "up", _("up")
    DOWN = "down", _("down")
    DISABLED = "disabled", _("disabled")
    UNKNOWN = "unknown", _("unknown")


PILLS = {
    HostStatus.NEW: Pill(HostStatus.NEW.label, "azure", "circle-dashed"),
    HostStatus.UP: Pill(HostStatus.UP.label, "green", "circle-check"),
    HostStatus.DOWN: Pill(HostStatus.DOWN.label, "red", "alert-triangle"),
    HostStatus.DISABLED: Pill(HostStatus.DISABLED.label, "grey", "ban"),
    HostStatus.UNKNOWN: Pill(HostStatus.UNKNOWN.label, "outline", icon="help-circle"),
}


def derive_status(*, enrolled: bool, enabled: bool, reachable: bool, last_seen: datetime.datetime | None) -> HostStatus:
    """What a host is, from facts alone. Stale facts never make it `up`."""
    if not enrolled:
        return HostStatus.NEW
    if not reachable:
        return HostStatus.DOWN
    if last_seen is None or timezone.now() - last_seen > STALE_AFTER:
        return HostStatus.UNKNOWN
    return HostStatus.UP if enabled else HostStatus.DISABLED

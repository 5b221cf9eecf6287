"""What an instance can be: one pure table for pages, REST and every other face."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.core.pills import Pill
from console.virt.port import Power


class InstanceStatus(models.TextChoices):
    BUILDING = "building", _("building")
    RUNNING = "running", _("running")
    STOPPED = "stopped", _("stopped")
    PAUSED = "paused", _("paused")
    SUSPENDED = "suspended", _("suspended")
    STARTING = "starting", _("starting")
    STOPPING = "stopping", _("stopping")
    REBOOTING = "rebooting", _("rebooting")
    DELETING = "deleting", _("deleting")
    CRASHED = "crashed", _("crashed")
    ERROR = "error", _("error")
    MISSING = "missing", _("missing")
    UNKNOWN = "unknown", _("unknown")


S = InstanceStatus

IN_MOTION = frozenset({S.BUILDING, S.STARTING, S.STOPPING, S.REBOOTING, S.DELETING})
ALIVE = frozenset({S.RUNNING, S.PAUSED})

_BY_OPERATION = {
    "instance.create": S.BUILDING,
    "instance.start": S.STARTING,
    "instance.stop": S.STOPPING,
    "instance.reboot": S.REBOOTING,
    "instance.delete": S.DELETING,
}

ABSENT = "absent"
"""What is observed when a host shows no domain where there should be one."""

_BY_POWER = {
    "": S.ERROR,
    ABSENT: S.MISSING,
    Power.RUNNING: S.RUNNING,
    Power.PAUSED: S.PAUSED,
    Power.SHUTTING_DOWN: S.STOPPING,
    Power.STOPPED: S.STOPPED,
    Power.CRASHED: S.CRASHED,
    Power.SUSPENDED: S.SUSPENDED,
    Power.UNKNOWN: S.UNKNOWN,
}


def derive_status(*, operation_kind: str, observed: str, failed: bool) -> InstanceStatus:
    """What an instance is: what is being done to it, else whether making it failed, else what its host shows."""
    if operation_kind in _BY_OPERATION:
        return _BY_OPERATION[operation_kind]
    if failed:
        return S.ERROR
    return _BY_POWER.get(observed, S.UNKNOWN)


def shown_status(stored: str, *, host_ok: bool) -> InstanceStatus:
    """What may be shown: a resting state is only as true as the host's last word is fresh."""
    status = InstanceStatus(stored)
    if host_ok or status in IN_MOTION or status == S.ERROR:
        return status
    return S.UNKNOWN


PILLS = {
    S.BUILDING: Pill(S.BUILDING.label, "azure", icon="loader", busy=True),
    S.RUNNING: Pill(S.RUNNING.label, "green", icon="player-play"),
    S.STOPPED: Pill(S.STOPPED.label, "grey", icon="player-stop"),
    S.PAUSED: Pill(S.PAUSED.label, "yellow", icon="player-pause"),
    S.SUSPENDED: Pill(S.SUSPENDED.label, "yellow", icon="moon"),
    S.STARTING: Pill(S.STARTING.label, "azure", icon="loader", busy=True),
    S.STOPPING: Pill(S.STOPPING.label, "azure", icon="loader", busy=True),
    S.REBOOTING: Pill(S.REBOOTING.label, "azure", icon="loader", busy=True),
    S.DELETING: Pill(S.DELETING.label, "azure", icon="loader", busy=True),
    S.CRASHED: Pill(S.CRASHED.label, "red", icon="alert-triangle"),
    S.ERROR: Pill(S.ERROR.label, "red", icon="alert-triangle"),
    S.MISSING: Pill(S.MISSING.label, "red", icon="alert-triangle", title=_("The host shows no such domain.")),
    S.UNKNOWN: Pill(S.UNKNOWN.label, "outline", icon="help-circle", title=_("The host has not been heard of lately.")),
}

CAN = {
    "start": frozenset({S.STOPPED, S.CRASHED, S.SUSPENDED}),
    "stop": frozenset({S.RUNNING, S.PAUSED}),
    "reboot": frozenset({S.RUNNING}),
    "console": frozenset({S.RUNNING, S.PAUSED, S.STOPPING, S.REBOOTING}),
}
"""Which acts make sense in which state. Deleting always does."""


def may(act: str, status: InstanceStatus) -> bool:
    """Whether an act makes sense now."""
    return act not in CAN or status in CAN[act]

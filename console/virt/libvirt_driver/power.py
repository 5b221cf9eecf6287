"""libvirt's numbers for what a domain does and why, in words (virDomainState and its reasons)."""

from __future__ import annotations

import libvirt

from console.virt.port import Power

POWER = {
    libvirt.VIR_DOMAIN_NOSTATE: Power.UNKNOWN,
    libvirt.VIR_DOMAIN_RUNNING: Power.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: Power.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: Power.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: Power.SHUTTING_DOWN,
    libvirt.VIR_DOMAIN_SHUTOFF: Power.STOPPED,
    libvirt.VIR_DOMAIN_CRASHED: Power.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: Power.SUSPENDED,
}

_STATES = {
    libvirt.VIR_DOMAIN_RUNNING: "VIR_DOMAIN_RUNNING_",
    libvirt.VIR_DOMAIN_PAUSED: "VIR_DOMAIN_PAUSED_",
    libvirt.VIR_DOMAIN_SHUTDOWN: "VIR_DOMAIN_SHUTDOWN_",
    libvirt.VIR_DOMAIN_SHUTOFF: "VIR_DOMAIN_SHUTOFF_",
    libvirt.VIR_DOMAIN_CRASHED: "VIR_DOMAIN_CRASHED_",
}


def _reasons(prefix: str) -> dict[int, str]:
    names = (name for name in vars(libvirt) if name.startswith(prefix) and not name.endswith("_LAST"))
    return {getattr(libvirt, name): name.removeprefix(prefix).lower() for name in names}


_REASONS = {state: _reasons(prefix) for state, prefix in _STATES.items()}


def power_of(state: int) -> Power:
    return POWER.get(state, Power.UNKNOWN)


def reason_of(state: int, reason: int) -> str:
    """Return libvirt's own word for the reason, e.g. `destroyed`; empty where it gives none."""
    word = _REASONS.get(state, {}).get(reason, "")
    return "" if word == "unknown" else word

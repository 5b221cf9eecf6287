"""The one way to a host: its URI says whether libvirt or the fake answers."""

from __future__ import annotations

from console.virt import fake
from console.virt.libvirt_driver import pool
from console.virt.port import Hypervisor


def hypervisor(uri: str, *, timeout: float = 5.0) -> Hypervisor:
    """Return this process's shared connection to the host at `uri`; do not close it.

    It is opened when first asked for (always after a fork) and again when it broke. HostUnavailable within `timeout`
    seconds, or at once where the host failed a moment ago.
    """
    if uri.startswith(fake.SCHEME):
        return fake.connect(uri, timeout=timeout)
    return pool.get(uri, timeout=timeout)


def forget(uri: str) -> None:
    """Close the connection to a host that is no longer ours, and forget that it failed."""
    if not uri.startswith(fake.SCHEME):
        pool.forget(uri)

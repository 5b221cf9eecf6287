"""From a host's row to its hypervisor."""

from __future__ import annotations

from console.fleet.models.hosts import Host
from console.virt.connect import hypervisor
from console.virt.port import Hypervisor


def connection(host: Host) -> Hypervisor:
    """The process's connection to a host. HostUnavailable, soon, if it cannot be had."""
    return hypervisor(host.uri)

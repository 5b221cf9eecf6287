"""The driver, whole: the port's Hypervisor on one libvirt connection."""

from __future__ import annotations

from console.virt.libvirt_driver.connection import open_connection
from console.virt.libvirt_driver.consoles import Consoles
from console.virt.libvirt_driver.domains import Domains
from console.virt.libvirt_driver.host import Host
from console.virt.libvirt_driver.networks import Networks
from console.virt.libvirt_driver.stats import Stats
from console.virt.libvirt_driver.upload import Upload


class LibvirtHypervisor(Host, Upload, Networks, Domains, Stats, Consoles):
    """One host over one connection. Broken once, it stays broken: `pool.get` opens a new one."""

    @property
    def usable(self) -> bool:
        return self._connection.usable

    def close(self) -> None:
        self._connection.give_up("closed")


def connect(uri: str, *, timeout: float = 5.0) -> LibvirtHypervisor:
    """Connect to the host at `uri`; HostUnavailable within `timeout` seconds if it does not answer."""
    return LibvirtHypervisor(open_connection(uri, timeout=timeout))

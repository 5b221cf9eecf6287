"""libvirt's event loop, one per process, and the names of what it tells."""

from __future__ import annotations

import os
import threading

import libvirt

from console.virt.errors import HostUnavailable
from console.virt.libvirt_driver.errors import silence_libvirt

LIFECYCLE = {
    libvirt.VIR_DOMAIN_EVENT_DEFINED: "defined",
    libvirt.VIR_DOMAIN_EVENT_UNDEFINED: "undefined",
    libvirt.VIR_DOMAIN_EVENT_STARTED: "started",
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: "suspended",
    libvirt.VIR_DOMAIN_EVENT_RESUMED: "resumed",
    libvirt.VIR_DOMAIN_EVENT_STOPPED: "stopped",
    libvirt.VIR_DOMAIN_EVENT_SHUTDOWN: "shutdown",
    libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED: "pmsuspended",
    libvirt.VIR_DOMAIN_EVENT_CRASHED: "crashed",
}

_lock = threading.Lock()
_owner_pid: int | None = None


def ensure_event_loop() -> None:
    """Start the loop unless it runs. It must be registered before the first connection is opened.

    A process forked afterwards inherits the loop's file descriptors but not its thread; whatever it opened would read
    from its parent's sockets. So it is refused, in words (https://libvirt.org/html/libvirt-libvirt-event.html).
    """
    global _owner_pid
    with _lock:
        if _owner_pid == os.getpid():
            return
        if _owner_pid is not None:
            raise HostUnavailable(
                "This process was forked from one that had already connected to libvirt",
                hint="Connect to hosts after the fork, never before it.",
            )
        silence_libvirt()
        libvirt.virEventRegisterDefaultImpl()
        _owner_pid = os.getpid()
        threading.Thread(target=_run, name="libvirt events", daemon=True).start()


def _run() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()

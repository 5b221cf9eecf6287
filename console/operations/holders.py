"""Who holds a lease, and whether he is still alive: the dead of this machine need not be waited for."""

from __future__ import annotations

import functools
import os
from pathlib import Path


def me() -> str:
    """This process: machine, process id and when it started, so that a reused id is somebody else."""
    pid = os.getpid()
    return f"{_machine()}/{pid}/{_started(pid)}"


def is_known_dead(holder: str) -> bool:
    """True for a process of this machine that has ended; nothing is known of other machines."""
    machine, _slash, rest = holder.partition("/")
    pid, _slash, started = rest.partition("/")
    if machine != _machine() or not pid.isdigit():
        return False
    return _started(int(pid)) != started


@functools.cache
def _machine() -> str:
    """This boot of this machine, and the namespace that process ids are counted in."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"


def _started(pid: int) -> str:
    """The start time of a process in clock ticks (proc(5), stat, field 22); empty where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]

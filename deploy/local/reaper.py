#!/usr/bin/env python3
"""Stand above supervisord: collect orphans at once, and start supervisord again if it is killed.

    reaper.py RUN-FOLDER COMMAND...

QEMU and dnsmasq detach from libvirtd; somebody must collect them when they end, and libvirt's `destroy` waits for that.
Where PID 1 is slow at it (containers), every destroy would take a second longer. After `make down` this process stays
for as long as guests run that were started under it, and then ends. It imports little, to stay small.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
DAEMONS = ("libvirtd", "virtlogd")


def is_stray(environ: bytes, command: bytes, executable: str, run_folder: str) -> bool:
    """Tell whether a supervisor of this installation started a process that is no guest and no guest's helper."""
    # A supervisord that lost its socket; whoever stands above it has the same words on its command line.
    if os.fsencode(run_folder) + b"/supervisord.conf" in command and b"reaper.py" not in command:
        return True
    # Redis writes its title over its environment.
    if os.path.basename(executable).startswith("redis-") and os.fsencode(run_folder) + b"/redis." in command:  # noqa: PTH119
        return True
    words = environ.split(b"\0")
    if b"VIRTDECK_SUPERVISED=" + os.fsencode(run_folder) not in words:
        return False
    program = next((os.fsdecode(word[24:]) for word in words if word.startswith(b"SUPERVISOR_PROCESS_NAME=")), "")
    # dnsmasq and other children of libvirtd inherit its environment; they outlive it on purpose.
    return bool(program) and (program not in DAEMONS or os.path.basename(executable) in DAEMONS)  # noqa: PTH119


def strays(run_folder: str) -> list[int]:
    """List processes that a supervisor of this installation left behind."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123
                environ = file.read()
            with open(f"/proc/{name}/cmdline", "rb") as file:  # noqa: PTH123
                command = file.read()
            if is_stray(environ, command, os.readlink(f"/proc/{name}/exe"), run_folder):  # noqa: PTH115
                found.append(int(name))
        except OSError:
            continue
    return found


def end_strays(run_folder: str, seconds: float = 10) -> int:
    """End what a killed supervisor left behind, so that the next one finds free ports and sockets."""
    first = strays(run_folder)
    deadline = time.monotonic() + seconds
    left, number = first, signal.SIGTERM
    while left and time.monotonic() < deadline + 2:
        for pid in left:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        number = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
        time.sleep(0.2)
        collect()
        left = strays(run_folder)
    return len(first)


def guests() -> list[int]:
    """List this process's children that are guests."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        try:
            if name.isdigit() and os.path.basename(os.readlink(f"/proc/{name}/exe")).startswith(("qemu-", "kvm")):  # noqa: PTH115, PTH119
                with open(f"/proc/{name}/stat") as file:  # noqa: PTH123
                    parent = file.read().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    found.append(int(name))
        except OSError:
            continue
    return found


def collect() -> None:
    """Collect children that have ended, without waiting."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main() -> int:
    run_folder, command = sys.argv[1], sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        print("reaper: the kernel refuses to make this process a sub-reaper", flush=True)
    environment = {**os.environ, "VIRTDECK_SUPERVISED": run_folder}
    stopping = False
    child: subprocess.Popen[bytes] | None = None

    def stop(number: int, _frame: object) -> None:
        nonlocal stopping
        if stopping and child is None:
            sys.exit(0)
        stopping = True
        if child is not None:
            child.send_signal(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while not stopping:
        begun = time.monotonic()
        child = subprocess.Popen(command, env=environment)
        status = None
        while status is None:
            pid, raw = os.wait()
            if pid == child.pid:
                status = child.returncode = os.waitstatus_to_exitcode(raw)
        child = None
        if status == 0 or stopping:
            break
        print(f"reaper: supervisord ended with {status}; starting it again", flush=True)
        end_strays(run_folder)
        time.sleep(max(0.2, 2 - (time.monotonic() - begun)))
    stopping = True
    # Guests that outlive us would be orphans of PID 1: stay until the last one has gone.
    while guests():
        os.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())

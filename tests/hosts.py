"""A hypervisor of one's own for tests and benches: libvirtd and virtlogd in namespaces, gone afterwards.

    with OwnLibvirt() as host:
        libvirt.open(host.uri)

The machine's own libvirt, its networks and its files are never touched: the host has its own mounts, network, process
ids, hostname and UUID. Needs root, `unshare` and libvirt's packages; no systemd, no hardware virtualisation.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

READY_WITHIN_SECONDS = 30.0
"""Two seconds on an idle machine; tests run on busy ones."""


class OwnLibvirt:
    """One private host. A context manager; `open` and `close` serve where a `with` does not fit."""

    def __init__(self, name: str = "host1") -> None:
        self.name = name
        # Under /tmp and not $TMPDIR: the path of a unix socket must stay under 108 bytes.
        self.home = Path(tempfile.mkdtemp(prefix="vd-", dir="/tmp"))
        self.pool_path = str(self.home / "pool")
        self.socket_path = str(self.home / "run/libvirt/libvirt-sock")
        self.uri = f"qemu+unix:///system?socket={self.socket_path}"
        self._keeper: subprocess.Popen[str] | None = None
        self._namespace = ""

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Make the namespaces and start the daemons; return when libvirt answers."""
        self._lay_out_files()
        command = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork", "--kill-child"]
        self._keeper = subprocess.Popen(
            [*command, sys.executable, "-I", str(Path(__file__).resolve()), str(self.home), self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.home / "log/keeper.log").open("w"),
            text=True,
            start_new_session=True,
        )
        self._await_answer("ready")
        self._namespace = _namespace_of(self._inner_pids()[0])
        self.start()

    def close(self) -> None:
        """End every process of the host and remove its files. The mounts go with their namespace."""
        if self._keeper is not None:
            # PID 1 of the namespace takes everything in there along. `unshare` then reaps it and ends by itself; killed
            # first, it would leave that to the machine's PID 1, which can be slow.
            for pid in self._inner_pids():
                os.kill(pid, signal.SIGKILL)
            try:
                self._keeper.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._keeper.kill()
                self._keeper.wait()
            for pipe in (self._keeper.stdin, self._keeper.stdout):
                if pipe is not None:
                    pipe.close()
            self._await_the_end_of_its_processes()
            self._keeper = None
            self._namespace = ""
        shutil.rmtree(self.home, ignore_errors=True)

    def _await_the_end_of_its_processes(self) -> None:
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)

    # --- what tests do to a host --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start libvirtd and wait until it answers; a running one is left alone."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            self._tell("start")
            if Path(self.socket_path).exists() and self._virsh("uri").returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"libvirtd of {self.name} did not answer in time:\n{self.log()}")

    def stop(self) -> None:
        """End libvirtd in order (SIGTERM). Its guests live on."""
        self._tell("stop")

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Make libvirtd hang (SIGSTOP): it accepts connections and never answers."""
        self._tell("pause")

    def resume(self) -> None:
        """Let libvirtd go on. It does not always survive having been frozen; then it is started again, as whoever
        supervises it would.
        """
        self._tell("resume")
        self.start()

    def kill9(self) -> None:
        """End libvirtd at once (SIGKILL), as a crash would. Its guests live on."""
        self._tell("kill9")

    def virsh(self, *arguments: str) -> str:
        """Run virsh against this host and return what it printed; RuntimeError with its complaint if it failed."""
        result = self._virsh(*arguments)
        if result.returncode != 0:
            raise RuntimeError(f"virsh {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout

    def run(self, *command: str) -> str:
        """Run a command inside the host's namespaces (ping a guest, look at a bridge) and return what it printed."""
        inside = ["nsenter", f"--target={self._inner_pids()[0]}", "--mount", "--net", "--uts", "--ipc", "--pid"]
        return subprocess.run([*inside, *command], check=True, capture_output=True, text=True, timeout=60).stdout

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted((self.home / "log").glob("*.log")))[-8000:]

    def processes(self) -> list[int]:
        """Return the process ids, as the machine sees them, of everything that runs on this host."""
        if not self._namespace:
            return []
        return [pid for pid in _all_pids() if _namespace_of(pid) == self._namespace]

    def _virsh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["virsh", "--connect", self.uri, *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    # --- how it is made -----------------------------------------------------------------------------------------------

    def _lay_out_files(self) -> None:
        for folder in (
            "run/lock",
            "pool",
            *(f"lib/{name}" for name in ("images", "boot", "dnsmasq", "qemu", "network")),
            *(f"log/{name}" for name in ("qemu", "libvirt")),
            "cache/qemu",
            *(f"etc/{name}" for name in ("nwfilter", "secrets", "storage", "qemu/networks/autostart")),
        ):
            (self.home / folder).mkdir(parents=True)
        self.home.chmod(0o711)
        _write_settings(self.home / "etc/libvirtd.conf", host_uuid=str(uuid.uuid4()), auth_unix_rw="none", log_level=3)
        _write_settings(self.home / "etc/virtlogd.conf", log_level=3)
        _write_settings(
            self.home / "etc/qemu.conf",
            user="root",
            group="root",
            security_driver="none",
            # No cgroups are mounted on this host, and guests need no /dev of their own.
            cgroup_controllers=[],
            namespaces=[],
            remember_owner=0,
        )

    def _tell(self, order: str) -> None:
        assert self._keeper is not None and self._keeper.stdin is not None
        self._keeper.stdin.write(f"{order}\n")
        self._keeper.stdin.flush()
        self._await_answer("done")

    def _await_answer(self, expected: str) -> None:
        assert self._keeper is not None and self._keeper.stdout is not None
        answer = self._keeper.stdout.readline().strip()
        if answer != expected:
            raise RuntimeError(f"{self.name} answered {answer!r} instead of {expected!r}:\n{self.log()}")

    def _inner_pids(self) -> list[int]:
        assert self._keeper is not None
        try:
            children = Path(f"/proc/{self._keeper.pid}/task/{self._keeper.pid}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in children.split()]


def own_libvirt() -> Iterator[OwnLibvirt]:
    """Yield a host: the body of a pytest fixture, `host = pytest.fixture(scope="session")(own_libvirt)`."""
    with OwnLibvirt() as host:
        yield host


def tiny_image() -> Path:
    """Return the tiny guest's disk, built on first use (ten seconds) and kept in var/."""
    root = Path(__file__).resolve().parent.parent
    image = root / "var/tiny.qcow2"
    image.parent.mkdir(exist_ok=True)
    with (root / "var/tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.exists():
            subprocess.run([str(root / "deploy/tiny-image/build.sh"), str(image)], check=True, timeout=600)
    return image


def _write_settings(path: Path, **settings: Any) -> None:
    # libvirt's configuration files share JSON's strings, numbers and lists.
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _namespace_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


# --- inside: PID 1 of the host ----------------------------------------------------------------------------------------


class Keeper:
    """PID 1 of a host: starts the daemons, reaps orphans at once (libvirt's destroy waits for that), obeys orders."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.daemons: dict[str, int] = {}

    def start(self) -> None:
        for name in ("virtlogd", "libvirtd"):
            if not self._lives(name):
                self.daemons[name] = self._spawn(name)

    def stop(self) -> None:
        self._end("libvirtd", signal.SIGTERM)

    def kill9(self) -> None:
        self._end("libvirtd", signal.SIGKILL)

    def pause(self) -> None:
        self._signal("libvirtd", signal.SIGSTOP)

    def resume(self) -> None:
        self._signal("libvirtd", signal.SIGCONT)

    def _end(self, name: str, how: signal.Signals) -> None:
        self._signal(name, how)
        # A stopped process takes no SIGTERM before it goes on.
        self._signal(name, signal.SIGCONT)
        while self._lives(name):
            time.sleep(0.01)

    def _signal(self, name: str, what: signal.Signals) -> None:
        if self._lives(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.daemons[name], what)

    def _lives(self, name: str) -> bool:
        return name in self.daemons and Path(f"/proc/{self.daemons[name]}").exists()

    def _spawn(self, name: str) -> int:
        log = (self.home / f"log/{name}.log").open("a")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        daemon = subprocess.Popen(
            [name], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
        # Popen must not reap it: the loop of PID 1 does.
        daemon.returncode = 0
        return daemon.pid


def _build_host(home: Path, name: str) -> None:
    def run(*command: str) -> None:
        subprocess.run(command, check=True)

    run("mount", "--make-rprivate", "/")
    for private, shown in (
        ("run", "/run"),
        ("lib", "/var/lib/libvirt"),
        ("log/libvirt", "/var/log/libvirt"),
        ("cache", "/var/cache/libvirt"),
        ("etc", "/etc/libvirt"),
    ):
        Path(shown).mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", str(home / private), shown)
    run("mount", "-t", "proc", "proc", "/proc")
    # libvirt reads /sys/class/net, which shows the network namespace that sysfs was mounted in. The fresh mount also
    # hides the machine's cgroups, so that nothing of ours is ever written there.
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("hostname", name)
    run("ip", "link", "set", "lo", "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _reap_orphans(_signal: int, _frame: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def _keep(home: Path, name: str) -> None:
    _build_host(home, name)
    signal.signal(signal.SIGCHLD, _reap_orphans)
    keeper = Keeper(home)
    print("ready", flush=True)
    for order in sys.stdin:
        getattr(keeper, order.strip())()
        print("done", flush=True)
    # The other end is gone, perhaps killed and past tidying up: take everything along.
    os.kill(-1, signal.SIGKILL)
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), sys.argv[2])

"""The programs of one installation."""

from __future__ import annotations

import os
import shutil
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from deploy.local.config import Config
from deploy.local.shell import digest, files_under, write_file

CODE = (
    "console",
    "compute",
    "storage",
    "networking",
    "monitoring",
    "templates",
    "static/dist",
    "manage.py",
    "requirements.txt",
)
APPS = ("web", "worker", "beat", "observer")


@dataclass(frozen=True)
class Program:
    """A long-running program: its command line and how long it may take to end."""

    name: str
    command: tuple[str, ...]
    stop_seconds: int = 10
    priority: int = 500


def redis_program(config: Config) -> Program:
    """Return our own Redis: on a unix socket that only the owner can open, without a port, keeping nothing on disk."""
    write_file(
        config,
        config.run / "redis.conf",
        f'port 0\nunixsocket "{config.redis_socket}"\nunixsocketperm 700\ndaemonize no\nsave ""\nappendonly no\n'
        f'dir "{config.run}"\nlogfile ""\nloglevel notice\n',
        0o600,
    )
    return Program("redis", (_find("redis-server"), str(config.run / "redis.conf")), priority=100)


def app_programs(config: Config) -> list[Program]:
    """Return web, worker, beat and observer."""
    binaries = config.venv / "bin"
    web = [f"{binaries}/uvicorn", "console.asgi:application", "--host", config.bind, "--port", str(config.port)]
    web += ["--ws", "websockets-sansio", "--timeout-graceful-shutdown", "3", "--log-level", "warning"]
    web += ["--no-access-log", "--no-server-header"]
    background = ["--settings", "console.settings_background"]
    worker = [str(config.python), "manage.py", "worker", *background]
    beat = [str(config.python), "-m", "console.beat", "--schedule", str(config.run / "beat-schedule")]
    observer = [str(config.python), "manage.py", "observer", *background]
    return [
        Program("web", tuple(web), priority=500),
        # A running step gets time to end; what is cut off is resumed by the next worker.
        Program("worker", tuple(worker), stop_seconds=20, priority=510),
        Program("beat", tuple(beat), priority=520),
        Program("observer", tuple(observer), priority=530),
    ]


def daemon_programs(config: Config) -> list[Program]:
    """Return those of libvirt's daemons that are ours to run: those that nobody else runs already."""
    found = []
    for name, where in (("virtlogd", "/run/libvirt/virtlogd-sock"), ("libvirtd", "/run/libvirt/libvirt-sock")):
        pid = listener(Path(where))
        if pid is None or supervised_by(pid) == str(config.run):
            found.append(Program(name, (_find(name),), priority=200 if name == "virtlogd" else 210))
    return found


def _find(name: str) -> str:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin"
    return shutil.which(name, path=path) or f"/usr/sbin/{name}"


def listener(path: Path) -> int | None:
    """Return the process that answers on a unix socket (0 if it belongs to another namespace), None if nobody does."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except PermissionError:
            return 0
        except OSError:
            return None
        peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", peer)[0])


def supervised_by(pid: int) -> str:
    """Return the run folder of the installation whose supervisor started a process, or nothing."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((os.fsdecode(word[20:]) for word in words if word.startswith(b"VIRTDECK_SUPERVISED=")), "")


def code_digest(config: Config) -> str:
    """Return a hash that changes when running processes would behave differently after a restart."""
    suffixes = (".py", ".html", ".txt", ".xml", ".mo", ".json", ".js", ".css", ".svg")
    files = files_under(config.root, CODE, suffixes)
    settings = [f"{key}={value}" for key, value in sorted(config.extra.items())]
    return digest(files, str(config.python.resolve()), *settings)

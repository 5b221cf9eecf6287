"""Where everything of one installation is: derived from the checkout and a few environment variables."""

from __future__ import annotations

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from deploy.local.report import Trouble

ROOT = Path(__file__).resolve().parents[2]
# A unix socket's path has 108 bytes; redis and supervisord add a suffix while they create theirs.
SOCKET_PATH_BYTES = 100
# Settings that a person gives to `make up` and that the processes must see too.
SECRETS = ("_TOKEN", "_LOGIN", "_PASSWORD")  # of credentials.env: a shell that has read it must not hand them on
PASSED_ON = ("VIRTDECK_", "DATABASE_URL", "DJANGO_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TZ")


@dataclass(frozen=True)
class Owner:
    """The account that the processes run as."""

    uid: int
    gid: int
    name: str
    home: str


@dataclass(frozen=True)
class Config:
    """One installation: its folders, its address, its name on this machine."""

    root: Path
    var: Path
    run: Path
    bind: str
    port: int
    url: str
    redis_url: str
    own_redis: bool
    name: str
    owner: Owner
    extra: dict[str, str]

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin/python"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def cache(self) -> Path:
        return self.var / "cache"

    @property
    def stamps(self) -> Path:
        return self.var / "stamps"

    @property
    def redis_socket(self) -> Path:
        return self.run / "redis.sock"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    @property
    def credentials(self) -> Path:
        return self.var / "credentials.env"

    @property
    def tiny_image(self) -> Path:
        return self.cache / "tiny.qcow2"

    @property
    def health_url(self) -> str:
        """The address to ask on this machine, whatever name browsers use."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.bind, self.bind)  # noqa: S104 the word, not a bind
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"http://{host}:{self.port}/healthz"

    def environment(self) -> dict[str, str]:
        """Return what every process of this installation gets."""
        return {
            **self.extra,
            "VIRTDECK_VAR": str(self.var),
            "VIRTDECK_REDIS": self.redis_url,
            "VIRTDECK_URL": self.url,
            "VIRTDECK_PORT": str(self.port),
            "VIRTDECK_RUN": str(self.run),
            "DJANGO_SETTINGS_MODULE": self.extra.get("DJANGO_SETTINGS_MODULE", "console.settings"),
            "PYTHONUNBUFFERED": "1",
            # glibc keeps an arena per thread otherwise: tens of megabytes for nothing.
            "MALLOC_ARENA_MAX": "2",
            "PATH": f"{self.venv}/bin:{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }


def _run_folder(var: Path, name: str) -> Path:
    """Return the folder of sockets and pid files: var/run, or a short one where the path would be too long."""
    folder = var / "run"
    if len(os.fsencode(folder / "control.sock")) <= SOCKET_PATH_BYTES:
        return folder
    base = "/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR") or "/tmp"  # noqa: S108 made 0700 below
    return Path(base) / name


def _owner(root: Path, systemd: bool) -> Owner:
    """Return who runs the processes: who calls; called as root beside systemd, who owns the checkout."""
    uid = os.geteuid()
    if uid == 0 and systemd:
        uid = root.stat().st_uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        entry = pwd.getpwuid(os.geteuid())
    return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir)


def has_systemd() -> bool:
    """Tell whether systemd runs this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def _remembered(var: Path, name: str) -> str:
    """Return what an earlier `make up` was told, so that `make status` need not be told again."""
    try:
        return (var / name).read_text().strip()
    except OSError:
        return ""


def load(root: Path = ROOT, environ: dict[str, str] | None = None) -> Config:
    """Read the configuration from the environment."""
    env = dict(os.environ if environ is None else environ)
    var = Path(env.get("VIRTDECK_VAR") or root / "var")
    var = var if var.is_absolute() else root / var
    name = "virtdeck-" + hashlib.sha256(os.fsencode(var)).hexdigest()[:8]
    run = _run_folder(var, name)
    text = env.get("VIRTDECK_PORT") or _remembered(var, "port") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Trouble(f"VIRTDECK_PORT is {text!r}, which is not a port.", "Give a number from 1 to 65535.")
    port = int(text)
    bind = env.get("VIRTDECK_BIND") or _remembered(var, "bind") or "127.0.0.1"
    host = f"[{bind}]" if ":" in bind else bind
    if bind in ("0.0.0.0", "::"):  # noqa: S104 compared, not bound
        host = "127.0.0.1"
    redis = env.get("VIRTDECK_REDIS", "")
    return Config(
        root=root,
        var=var,
        run=run,
        bind=bind,
        port=port,
        url=(env.get("VIRTDECK_URL") or f"http://{host}:{port}").rstrip("/"),
        redis_url=redis or f"unix://{run / 'redis.sock'}",
        own_redis=not redis,
        name=name,
        owner=_owner(root, has_systemd()),
        extra={
            key: value for key, value in sorted(env.items()) if key.startswith(PASSED_ON) and not key.endswith(SECRETS)
        },
    )

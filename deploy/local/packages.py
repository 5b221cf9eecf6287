"""Packages of the distribution: what is missing is installed, nothing else is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from deploy.local.config import Config, has_systemd
from deploy.local.report import Trouble, step
from deploy.local.shell import run

PLAIN = (
    "libvirt-daemon-system",
    "libvirt-clients",
    "libvirt-daemon-driver-qemu",
    "libvirt-daemon-config-network",
    "qemu-system-x86",
    "qemu-utils",
    "dnsmasq-base",
    "iptables",
    "iproute2",
    "ca-certificates",
    "cpio",
    "gzip",
    "xz-utils",
    "zstd",
    "kmod",
)
TESTS = ("chromium", "fonts-noto-cjk", "fonts-dejavu-core", "busybox-static", "openssh-client", "procps", "util-linux")


def _command(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _headers() -> bool:
    return (Path(sysconfig.get_path("include")) / "Python.h").is_file()


def _can_make_venv() -> bool:
    return (
        subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode
        == 0
    )


def _python_package(kind: str) -> str:
    """Name the package that belongs to the Python in use: python3-venv, or python3.11-venv beside another default."""
    default = Path("/usr/bin/python3").resolve().name
    mine = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return f"python3-{kind}" if default == mine else f"{mine}-{kind}"


# Told by what they bring, because it may be there from elsewhere (a newer Node, a Python built by hand).
def _by_effect() -> dict[str, Callable[[], bool]]:
    return {
        "redis-server": _command("redis-server"),
        "gettext": _command("msgfmt"),
        "pkg-config": _command("pkg-config"),
        "gcc": _command("gcc"),
        "libvirt-dev": lambda: (
            subprocess.run(["pkg-config", "--exists", "libvirt"], capture_output=True, check=False).returncode == 0
            if shutil.which("pkg-config")
            else False
        ),
        _python_package("dev"): _headers,
        _python_package("venv"): _can_make_venv,
        "nodejs": _command("node"),
        "npm": _command("npm"),
    }


def installed(names: tuple[str, ...]) -> set[str]:
    """Return those of the packages that dpkg has installed."""
    result = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    return {line.split()[0] for line in result.stdout.splitlines() if line.endswith(" installed")}


def _offered(name: str) -> bool:
    """Tell whether apt's lists have a package: releases differ, and a fresh container has no lists at all."""
    command = ["apt-cache", "show", "--no-all-versions", name]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def ensure_indexes(config: Config) -> None:
    """Fetch apt's lists where there are none."""
    if not _offered("qemu-system-x86"):
        _apt(config, "update")


def missing(for_tests: bool) -> list[str]:
    """Name the packages that this machine lacks."""
    plain = PLAIN + (TESTS if for_tests else ())
    have = installed(plain)
    names = [name for name in plain if name not in have]
    names += [name for name, there in _by_effect().items() if not there()]
    return names


def _apt(config: Config, *arguments: str) -> None:
    run(
        config,
        ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold", *arguments],
        what="apt-get " + " ".join(arguments[:3]),
        cure="Look at the lines above; `apt-get update` and a working package source are needed.",
        as_root=True,
        env={"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )


class _NoServices:
    """Keep packages from starting their services while they are installed: our Redis is private."""

    path = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self.ours = not self.path.exists()
        if self.ours:
            self.path.write_text(
                "#!/bin/sh\n# Written by Virtdeck's make up for the length of one installation.\nexit 101\n"
            )
            self.path.chmod(0o755)

    def __exit__(self, *_: object) -> None:
        if self.ours:
            self.path.unlink(missing_ok=True)


def _install(config: Config, names: list[str]) -> None:
    node_first = "npm" in names and "nodejs" in names
    with _NoServices():
        # A Node from elsewhere brings its own npm and conflicts with the distribution's.
        _apt(
            config,
            "install",
            "--no-install-recommends",
            *[name for name in names if not (node_first and name == "npm")],
        )
        if node_first and not _command("npm")():
            _apt(config, "install", "--no-install-recommends", "npm")
    if "redis-server" in names and has_systemd():
        run(config, ["systemctl", "disable", "redis-server"], what="disable redis-server", as_root=True, check=False)


def ensure(config: Config, *, for_tests: bool = False) -> None:
    """Install what is missing; without root, say what to run."""
    with step("Debian packages") as one:
        if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
            raise Trouble("This machine has no dpkg and apt.", "Use Debian 12 or newer, or Ubuntu 24.04 or newer.")
        names = missing(for_tests)
        if not names:
            one.result = "all there"
            return
        if os.geteuid() == 0:
            ensure_indexes(config)
        if _offered("qemu-system-x86"):
            names = [name for name in names if _offered(name)]
        if not names:
            one.result = "all there"
            return
        if os.geteuid() != 0:
            raise Trouble(
                f"{len(names)} packages are missing, and only root can install them.",
                f"sudo apt-get install --no-install-recommends {' '.join(names)}   (then run this again)",
            )
        try:
            _install(config, names)
        except Trouble:
            # Lists of yesterday name files that are gone today.
            _apt(config, "update")
            _install(config, names)
        one.result = f"installed {len(names)}: {' '.join(names)}"

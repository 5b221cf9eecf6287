"""Supervision by systemd: the units of deploy/systemd, made out to this checkout."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from deploy.local.config import Config
from deploy.local.processes import APPS, app_programs, redis_program
from deploy.local.report import Trouble
from deploy.local.shell import run, write_file

UNITS = Path("/etc/systemd/system")


def render(config: Config, text: str) -> str:
    """Make a unit of deploy/systemd out to this checkout: its folders, its account, its name, its commands."""
    commands = {program.name: program.command for program in app_programs(config)}
    if config.own_redis:
        commands["redis"] = redis_program(config).command

    def command(match: re.Match[str]) -> str:
        words = commands.get(match.group("name"))
        return "ExecStart=" + " ".join(words).replace("%", "%%") if words else match.group(0)

    text = re.sub(r"^# program: (?P<name>\w+)\nExecStart=.*(?:\\\n.*)*$", command, text, flags=re.MULTILINE)
    for old, new in (
        ("/etc/virtdeck/virtdeck.env", str(config.run / "virtdeck.env")),
        ("/opt/virtdeck", str(config.root)),
        ("/var/lib/virtdeck", str(config.var)),
        ("/run/virtdeck", str(config.run)),
        ("User=virtdeck", f"User={config.owner.name}"),
    ):
        text = text.replace(old, new)
    # Files of a checkout are often in a home folder, which a service of its own would not need.
    text = text.replace("ProtectHome=true", "ProtectHome=false")
    return re.sub(r"\bvirtdeck(-(?:web|worker|beat|observer|redis)\.service|\.target)", rf"{config.name}\1", text)


class Systemd:
    """The units of one installation."""

    kind = "systemd"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.names = [*APPS, *(["redis"] if config.own_redis else [])]

    def unit(self, name: str) -> str:
        return f"{self.config.name}-{name}.service"

    def _ctl(self, *arguments: str, check: bool = True) -> str:
        return run(
            self.config,
            ["systemctl", *arguments],
            what="systemctl " + " ".join(arguments[:2]),
            as_root=True,
            check=check,
            cure=f"See: journalctl -u '{self.config.name}-*'",
        ).stdout

    def _write(self) -> bool:
        if re.search(r"[\s\"'%\\]", f"{self.config.root}{self.config.var}"):
            raise Trouble(
                f"The path {self.config.root} has a blank or a quote, which systemd units cannot name.",
                "Move the checkout to a plain path.",
            )
        lines = []
        for key, value in sorted(self.config.environment().items()):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'{key}="{escaped}"\n')
        changed = write_file(self.config, self.config.run / "virtdeck.env", "".join(lines), 0o600)
        for source in sorted((self.config.root / "deploy/systemd").glob("virtdeck*")):
            if source.name == "virtdeck-redis.service" and not self.config.own_redis:
                continue
            target = UNITS / source.name.replace("virtdeck", self.config.name, 1)
            text = render(self.config, source.read_text())
            if not target.exists() or target.read_text() != text:
                target.write_text(text)
                changed = True
        if changed:
            self._ctl("daemon-reload")
        return changed

    def _active(self, name: str) -> bool:
        return self._ctl("is-active", self.unit(name), check=False).strip() == "active"

    def start_base(self) -> str:
        """Write the units; see that Redis runs."""
        self.changed = self._write()
        if not self.config.own_redis:
            return "Redis of somebody else's"
        if self._active("redis"):
            return "running"
        self._ctl("reset-failed", self.unit("redis"), check=False)
        self._ctl("start", self.unit("redis"))
        return "started"

    def stop_apps(self) -> None:
        self._ctl("stop", *[self.unit(name) for name in APPS])

    def start_apps(self) -> str:
        before = all(self._active(name) for name in APPS)
        if before and not self.changed:
            return "already running"
        for name in APPS:
            self._ctl("reset-failed", self.unit(name), check=False)
        self._ctl("restart" if self.changed else "start", *[self.unit(name) for name in APPS])
        self._ctl("enable", f"{self.config.name}.target")
        self._ctl("start", f"{self.config.name}.target")
        return "started"

    def states(self) -> dict[str, tuple[bool, str]]:
        told = {}
        for name in self.names:
            word = self._ctl("is-active", self.unit(name), check=False).strip() or "unknown"
            told[name] = (word == "active", "runs" if word == "active" else word)
        return told

    def stop(self) -> bool:
        """Stop the units and keep them from starting at boot; return whether there was anything to stop."""
        units = list(UNITS.glob(f"{self.config.name}*"))
        if not units:
            return False
        if os.geteuid() != 0:
            raise Trouble("Only root can stop these systemd units.", "sudo make down")
        self._ctl("disable", f"{self.config.name}.target", check=False)
        self._ctl("stop", f"{self.config.name}.target", *[self.unit(name) for name in self.names], check=False)
        time.sleep(0.2)
        return True

    def remove(self) -> None:
        """Remove the units."""
        for path in UNITS.glob(f"{self.config.name}*"):
            path.unlink()
        self._ctl("daemon-reload", check=False)

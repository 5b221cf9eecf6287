"""Supervision where there is no systemd: supervisord of the virtual environment, spoken to by its own socket."""

from __future__ import annotations

import hashlib
import http.client
import os
import shlex
import socket
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from deploy.local import reaper
from deploy.local.config import Config
from deploy.local.processes import APPS, Program, app_programs, daemon_programs, redis_program
from deploy.local.report import Trouble
from deploy.local.shell import write_file

LOG_BYTES = "10MB"
LOG_FILES = 3


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = str(path)

    def make_connection(self, _host: object) -> http.client.HTTPConnection:
        return _Connection(self.path)


def start_script(config: Config) -> str:
    """Return a script that sets the environment and becomes its arguments: supervisord cannot quote it all."""
    lines = [f"export {key}={shlex.quote(value)}" for key, value in sorted(config.environment().items())]
    return "\n".join(["# Written by make up; changes are lost.", *lines, 'exec "$@"', ""])


def render(config: Config, programs: list[Program]) -> str:
    """Return supervisord's configuration file."""
    lines = [
        "; Written by make up; changes are lost.",
        "[unix_http_server]",
        f"file={config.control_socket}",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={_path(config.log / 'supervisord.log')}",
        f"logfile_maxbytes={LOG_BYTES}",
        f"logfile_backups={LOG_FILES}",
        f"pidfile={_path(config.run / 'supervisord.pid')}",
        f"childlogdir={_path(config.log)}",
        f"directory={_path(config.root)}",
        "minfds=4096",
    ]
    script = start_script(config)
    # Not read by anybody: it makes supervisord see that the settings have changed.
    mark = hashlib.sha256(script.encode()).hexdigest()[:16]
    for program in programs:
        words = program.command
        if program.name in APPS:
            words = ("/bin/sh", str(config.run / "start.sh"), *words)
        command = " ".join(shlex.quote(part) for part in words).replace("%", "%%")
        lines += [
            f"[program:{program.name}]",
            f"command={command}",
            f"directory={_path(config.root)}",
            f'environment=LANG="C.UTF-8",VIRTDECK_SETTINGS="{mark if program.name in APPS else 0}"',
            f"priority={program.priority}",
            "autostart=true",
            "autorestart=true",
            # A program that fails while it imports has failed by then; only then does it count as running.
            f"startsecs={3 if program.name in APPS else 1}",
            # One that cannot start is tried for hours, a second later each time: a bad day passes.
            "startretries=200",
            f"stopwaitsecs={program.stop_seconds}",
            "redirect_stderr=true",
            f"stdout_logfile={_path(config.log / program.name)}.log",
            f"stdout_logfile_maxbytes={LOG_BYTES}",
            f"stdout_logfile_backups={LOG_FILES}",
        ]
    return "\n".join(lines) + "\n"


def _path(path: Path) -> str:
    return str(path).replace("%", "%%")


class Supervisor:
    """supervisord of one installation."""

    kind = "supervisord"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.file = config.run / "supervisord.conf"

    def _rpc(self) -> Any:
        return xmlrpc.client.ServerProxy(
            "http://localhost", transport=_Transport(self.config.control_socket), allow_none=True
        )

    def running(self) -> bool:
        try:
            state = self._rpc().supervisor.getState()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False
        return isinstance(state, dict) and state["statename"] == "RUNNING"

    def _infos(self) -> dict[str, dict[str, object]]:
        try:
            answer = self._rpc().supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return {}
        return {str(one["name"]): one for one in answer}

    def programs(self) -> list[Program]:
        """Return everything that ought to run here."""
        base = [redis_program(self.config)] if self.config.own_redis else []
        if os.geteuid() == 0:
            base += daemon_programs(self.config)
        return base

    def start_base(self) -> str:
        """See that supervisord, Redis and libvirt's daemons run; the rest waits for the migrations."""
        if self.running():
            self._wake(set(self._infos()) - set(APPS))
            # A daemon of somebody else's that has gone, or a setting that has changed.
            wanted = self.programs()
            have = set(self._infos())
            if {one.name for one in wanted} - have:
                apps = app_programs(self.config) if have & set(APPS) else []
                self._apply(wanted + apps)
                return "started what was missing"
            return "running"
        left = reaper.end_strays(str(self.config.run))
        self.config.control_socket.unlink(missing_ok=True)
        self._write(self.programs())
        command = [sys.executable, "-S", "-E", str(Path(reaper.__file__)), str(self.config.run)]
        command += [str(self.config.venv / "bin/supervisord"), "-n", "-c", str(self.file)]
        log = self.config.log / "reaper.log"
        with log.open("a") as output:
            subprocess.Popen(
                command,
                cwd=self.config.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "VIRTDECK_VAR": str(self.config.var)},
            )
        deadline = time.monotonic() + 20
        while not self.running():
            if time.monotonic() > deadline:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
                raise Trouble(f"supervisord does not start:\n{tail}", f"See {self.config.log}/supervisord.log.")
            time.sleep(0.1)
        return "started" + (f" (ended {left} left-over processes first)" if left else "")

    def _wake(self, names: set[str]) -> None:
        for name, info in self._infos().items():
            if name in names and info["statename"] in ("STOPPED", "EXITED", "FATAL", "BACKOFF", "UNKNOWN"):
                self._start(name)

    def _start(self, name: str) -> None:
        try:
            self._rpc().supervisor.startProcess(name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise Trouble(
                    f"supervisord cannot start {name}: {fault.faultString}", f"See var/log/{name}.log."
                ) from fault

    def _write(self, programs: list[Program]) -> None:
        write_file(self.config, self.config.run / "start.sh", start_script(self.config), 0o600)
        write_file(self.config, self.file, render(self.config, programs), 0o600)

    def _apply(self, programs: list[Program]) -> None:
        """Write the configuration and bring supervisord to it: removed, changed and new programs."""
        self._write(programs)
        rpc = self._rpc()
        added, changed, removed = rpc.supervisor.reloadConfig()[0]
        for name in [*removed, *changed]:
            rpc.supervisor.stopProcessGroup(name)
            rpc.supervisor.removeProcessGroup(name)
        for name in [*changed, *added]:
            rpc.supervisor.addProcessGroup(name)

    def stop_apps(self) -> None:
        """Stop web, worker, beat and observer; the last gets its full time."""
        rpc = self._rpc()
        names = [name for name, info in self._infos().items() if name in APPS and info["statename"] != "STOPPED"]
        for name in names:
            try:
                rpc.supervisor.stopProcess(name, False)
            except xmlrpc.client.Fault:
                continue
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            infos = self._infos()
            if all(infos[name]["statename"] in ("STOPPED", "EXITED", "FATAL") for name in names if name in infos):
                return
            time.sleep(0.1)

    def start_apps(self) -> str:
        """See that all four run with the present settings."""
        before = {name: info["pid"] for name, info in self._infos().items() if info["statename"] == "RUNNING"}
        self._apply([*self.programs(), *app_programs(self.config)])
        self._wake(set(APPS))
        kept = [name for name in APPS if self._infos().get(name, {}).get("pid") == before.get(name, 0)]
        return "already running" if len(kept) == len(APPS) else "started"

    def states(self) -> dict[str, tuple[bool, str]]:
        """Return whether each program runs, and the words for it."""
        infos = self._infos()
        if not infos:
            return {"supervisord": (False, "is not running")}
        told = {}
        for name, info in infos.items():
            good = info["statename"] == "RUNNING"
            told[name] = (good, f"{'runs' if good else str(info['statename']).lower()}, {info['description']}")
        for name in APPS:
            told.setdefault(name, (False, "is not set up"))
        return told

    def stop(self) -> bool:
        """End supervisord and all it started; return whether there was anything to end."""
        if self.running():
            self.stop_apps()
            pid = int(self._rpc().supervisor.getPID())
            self._rpc().supervisor.shutdown()
            deadline = time.monotonic() + 40
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            reaper.end_strays(str(self.config.run))
            return True
        return reaper.end_strays(str(self.config.run)) > 0

"""Ask the parts how they are."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from deploy.local.config import Config
from deploy.local.daemons import LIBVIRT_SOCKET, URI
from deploy.local.processes import listener
from deploy.local.report import Trouble, say


def ask(config: Config, seconds: float = 5) -> tuple[int, str]:
    """Return the status and the text of /healthz; 0 and the reason if nobody answers."""
    request = urllib.request.Request(config.health_url, headers={"Accept": "application/json"})  # noqa: S310 http only
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            return answer.status, answer.read(4096).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read(4096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(getattr(error, "reason", error))


def words(text: str) -> str:
    """Turn what /healthz says into one line."""
    try:
        told = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:200]
    if not isinstance(told, dict):
        return str(told)[:200]
    return ", ".join(f"{key}: {value}" for key, value in told.items() if isinstance(value, str | int | float))[:300]


def wait(config: Config, seconds: float = 60) -> str:
    """Wait until /healthz answers 200."""
    deadline = time.monotonic() + seconds
    while True:
        status, text = ask(config)
        if status == 200:
            return words(text) or "green"
        if time.monotonic() > deadline:
            raise Trouble(
                f"{config.health_url} does not turn green: {status or 'no answer'} {words(text)}",
                "make status tells which part is down; make logs shows why.",
            )
        time.sleep(0.2)


def wait_for_processes(config: Config, states: Callable[[], dict[str, tuple[bool, str]]], seconds: float = 30) -> None:
    """Wait until every process has stayed up; show the log of one that has not."""
    deadline = time.monotonic() + seconds
    while bad := {name: told for name, (good, told) in states().items() if not good}:
        if time.monotonic() > deadline:
            name, told = next(iter(bad.items()))
            try:
                tail = (config.log / f"{name}.log").read_text(errors="replace").splitlines()[-12:]
            except OSError:
                tail = []
            raise Trouble("\n".join([f"{name} does not stay up ({told}):", *tail]), "make logs shows more.")
        time.sleep(0.1)


def redis_answers(config: Config) -> bool:
    """Tell whether our Redis answers a PING."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(config.redis_socket))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def wait_for_redis(config: Config) -> str:
    """Wait until Redis answers."""
    deadline = time.monotonic() + 15
    while not redis_answers(config):
        if time.monotonic() > deadline:
            raise Trouble(f"Redis does not answer on {config.redis_socket}.", f"See {config.log}/redis.log.")
        time.sleep(0.1)
    return f"answers on {config.redis_socket}"


def refuse_taken_port(config: Config) -> None:
    """Refuse early when another program has our port."""
    family = socket.AF_INET6 if ":" in config.bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.bind, config.port))
        except PermissionError as error:
            raise Trouble(
                f"{config.owner.name} may not listen on port {config.port}.", "Choose a port above 1023."
            ) from error
        except OSError as error:
            # Ours? Then the owner's web process runs under our supervisor.
            if _port_is_ours(config):
                return
            raise Trouble(
                f"Port {config.port} on {config.bind} is taken: {error.strerror}.",
                f"Stop that program, or choose another port: VIRTDECK_PORT={config.port + 1} make up",
            ) from error


def _port_is_ours(config: Config) -> bool:
    marks = (b"VIRTDECK_RUN=" + os.fsencode(config.run), b"VIRTDECK_PORT=" + str(config.port).encode())
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if all(mark in found for mark in marks) and b"uvicorn" in path.with_name("cmdline").read_bytes():
            return True
    return False


def running_guests() -> int:
    """Count the guests that run on this machine, without those of a container or namespace of somebody else's."""
    here = Path("/proc/self/ns/mnt").readlink()
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if b"\0guest=" in (path / "cmdline").read_bytes() and (path / "ns/mnt").readlink() == here:
                count += 1
        except OSError:
            continue
    return count


def report(config: Config, states: dict[str, tuple[bool, str]]) -> bool:
    """Print how everything is; return whether all is well."""
    good = bool(states)
    if not states:
        say("Nothing is set up here: make up")
    rows = list(states.items())
    if config.own_redis:
        alive = redis_answers(config)
        rows.append(("Redis answers", (alive, str(config.redis_socket) if alive else "no")))
    pid = listener(LIBVIRT_SOCKET)
    answers = False
    if pid is not None:
        try:
            answers = (
                subprocess.run(
                    ["virsh", "-c", URI, "-q", "uri"], capture_output=True, timeout=10, check=False
                ).returncode
                == 0
            )
        except (OSError, subprocess.TimeoutExpired):
            answers = False
    rows.append(
        (
            "libvirt answers",
            (
                answers,
                "yes" if answers else ("no: it hangs or refuses us" if pid is not None else "no: it is not running"),
            ),
        )
    )
    status, text = ask(config)
    rows.append(("/healthz", (status == 200, f"{status or 'no answer'}, {words(text)}")))
    for name, (fine, told) in rows:
        say(f"  {'ok  ' if fine else 'DOWN'}  {name:<16} {told}")
        good = good and fine
    say(f"\n  {config.url}" if good else "\n  Something is down: `make up` heals what it can, `make logs` shows why.")
    return good

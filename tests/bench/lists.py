"""The list of instances: by size, by REST, and while a host is silent.

The rows of the large lists stand on a host of their own that nobody watches: its row says that it was heard of, so the
statuses are shown as they are in reality. The rows of the list that is measured beside a silent host are real domains.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.bench.kit import median, open_raw, timed
from tests.stack import Stack

VISITS = 40
SIZES = (100, 1000, 10_000)
REAL = 40
PAIRS = 9
TURN_VISITS = 25
_CODE = Path(__file__).with_name("rows.py")
_NETWORK = "10.254.254"


def measure(stack: Stack) -> dict[str, Any]:
    return {**_by_size(stack), **_beside_a_silent_host(stack)}


def _by_size(stack: Stack) -> dict[str, Any]:
    stack.stop("observer")  # it would find that the host of these rows does not exist
    tokens = json.loads(_rows(stack, "fill", *map(str, SIZES)))
    session = stack.signed_in()
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    for visit in range(VISITS + 5):
        for size in SIZES if visit % 2 else reversed(SIZES):
            took = timed(lambda size=size: _visit(session, f"/p/bench-{size}/instances/"))
            if visit >= 5:
                times[size].append(took)
    api = stack.client(tokens["1000"])
    calls = [timed(lambda: _visit(api, "/api/v1/instances?limit=50")) for _ in range(VISITS + 5)][5:]
    counted = json.loads(_rows(stack, "count"))
    result = {
        "list_page_ms": median(times[1000]),
        "list_api_ms": median(calls),
        "list_queries": max(counted["page_queries"], counted["api_queries"]),
        "list_libvirt_calls": counted["libvirt_calls"],
        "list_growth_ratio": median(times[10_000]) / median(times[100]),
        "list_page_100_ms": median(times[100]),
        "list_page_10000_ms": median(times[10_000]),
        "list_page_queries": counted["page_queries"],
        "list_api_queries": counted["api_queries"],
    }
    _rows(stack, "clear")
    stack.start("observer")
    return result


def _beside_a_silent_host(stack: Stack) -> dict[str, Any]:
    """Normal: nobody asks the silent host. Silent: the observer tries all the time. The page shows the same in both."""
    names = _define_domains(stack)
    with silent_address() as address:
        _rows(stack, "silent", address, *names)
        session = stack.signed_in()
        pairs = [_pair(stack, session, silent_first=bool(number % 2)) for number in range(PAIRS)]
        _rows(stack, "unsilent")
    raw = open_raw(stack)
    for name in names:
        raw.lookupByUUIDString(name).undefine()
    return {
        # Of neighbours in time: what else the machine does then meets both.
        "silent_host_ratio": median([silent / normal for normal, silent in pairs]),
        "list_page_normal_ms": median([normal for normal, _silent in pairs]),
        "list_page_silent_ms": median([silent for _normal, silent in pairs]),
    }


def _pair(stack: Stack, session: httpx.Client, *, silent_first: bool) -> tuple[float, float]:
    """The median visit without a watched silent host and with one, one right after the other."""
    found = {}
    for silent in (True, False) if silent_first else (False, True):
        _rows(stack, "watch", "yes" if silent else "no")
        wanted = "down" if silent else "new"
        stack.until(lambda wanted=wanted: _rows(stack, "state").strip() == wanted, every=0.2)
        found[silent] = median(
            [timed(lambda: _visit(session, "/p/demo/instances/")) for _ in range(TURN_VISITS + 3)][3:]
        )
    return found[False], found[True]


def _define_domains(stack: Stack) -> list[str]:
    raw = open_raw(stack)
    found = []
    for _ in range(REAL):
        identity = str(uuid.uuid4())
        raw.defineXML(
            f"<domain type='qemu'><name>instance-{identity}</name><uuid>{identity}</uuid><memory unit='MiB'>64</memory>"
            "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"
        )
        found.append(identity)
    return found


def _rows(stack: Stack, *words: str) -> str:
    """Run rows.py inside Django on the stack's database."""
    return stack.shell(f"import sys; sys.argv = {['rows', *words]!r}\n{_CODE.read_text()}")


def _visit(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200 and len(answer.content) > 5000, f"{answer.status_code} {answer.text[:500]}"


@contextlib.contextmanager
def silent_address() -> Iterator[str]:
    """An address that takes packets and never answers any."""
    name = f"vdb{uuid.uuid4().hex[:6]}"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)

    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "address", "add", f"{_NETWORK}.1/30", "dev", name)
        run("ip", "link", "set", name, "up")
        run("ip", "-n", name, "address", "add", f"{_NETWORK}.2/30", "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "netns", "exec", name, "iptables", "-A", "INPUT", "-p", "tcp", "-j", "DROP")
        yield f"{_NETWORK}.2"
    finally:
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

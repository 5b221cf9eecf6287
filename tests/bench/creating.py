"""From POST to running, against raw libvirt in the same run: one at a time, and ten at once."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench.kit import RawGuests, Statuses, median, timed
from tests.stack import Stack

ROUNDS = 15
BURST = 10
BURST_ROUNDS = 3


def measure(stack: Stack) -> dict[str, Any]:
    stack.shell(
        "from console.identity.models.projects import Quota; Quota.unscoped.update(limit=-1)\n"
        "from console.fleet.models.hosts import Host; Host.unscoped.update(vcpu_overcommit=64.0)"
    )
    statuses = Statuses(stack)
    first = stack.create("bench-first")
    raw = RawGuests(stack, first)
    _remove(stack, statuses, first)
    ours, theirs = [], []
    for number in range(ROUNDS):
        # Turn and turn about, so that whatever drifts on the machine meets both.
        for who in (0, 1) if number % 2 else (1, 0):
            if who:
                ours.append(_one_of_ours(stack, statuses, number))
            else:
                theirs.append(_one_raw(raw))
    bursts = {"ours": [], "raw": []}
    for number in range(BURST_ROUNDS):
        for who in ("ours", "raw") if number % 2 else ("raw", "ours"):
            bursts[who].append(_burst_of_ours(stack, statuses) if who == "ours" else _burst_raw(raw))
    return {
        "create_ratio": median(ours) / median(theirs),
        "create_extra_ms": median(ours) - median(theirs),
        "create_ours_ms": median(ours),
        "create_raw_ms": median(theirs),
        "burst_ratio": median(bursts["raw"]) / median(bursts["ours"]),
        "burst_ours_per_minute": BURST / median(bursts["ours"]) * 60_000,
        "burst_raw_per_minute": BURST / median(bursts["raw"]) * 60_000,
    }


def _settle() -> None:
    time.sleep(0.7)


def _one_of_ours(stack: Stack, statuses: Statuses, number: int) -> float:
    _settle()
    began = time.perf_counter()
    instance_id = stack.begin(f"bench-{number}")["target"]["id"]
    statuses.wait(instance_id, "running")
    took = (time.perf_counter() - began) * 1000
    statuses.wait_idle()
    _remove(stack, statuses, instance_id)
    return took


def _one_raw(raw: RawGuests) -> float:
    _settle()
    identity = str(uuid.uuid4())
    took = timed(lambda: raw.create(identity))
    raw.remove(identity)
    return took


def _burst_of_ours(stack: Stack, statuses: Statuses) -> float:
    _settle()
    clients = [stack.client(stack.credentials["VIRTDECK_TOKEN"]) for _ in range(BURST)]
    for client in clients:
        client.get("/api/v1/flavors").raise_for_status()
    began = time.perf_counter()
    with ThreadPoolExecutor(BURST) as threads:
        body = stack.create_request("burst")
        answers = list(threads.map(lambda client: client.post("/api/v1/instances", json=body), clients))
    found = [stack.accepted(answer)["target"]["id"] for answer in answers]
    for instance_id in found:
        statuses.wait(instance_id, "running")
    took = (time.perf_counter() - began) * 1000
    statuses.wait_idle()
    for instance_id in found:
        stack.api.delete(f"/api/v1/instances/{instance_id}")
    for instance_id in found:
        statuses.wait(instance_id, "")
    return took


def _burst_raw(raw: RawGuests) -> float:
    _settle()
    identities = [str(uuid.uuid4()) for _ in range(BURST)]
    halves = [identities[0::2], identities[1::2]]

    def script(half: list[str]) -> None:
        for identity in half:
            raw.create(identity)

    threads = [threading.Thread(target=script, args=(half,)) for half in halves]

    def both() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    took = timed(both)
    for identity in identities:
        raw.remove(identity)
    return took


def _remove(stack: Stack, statuses: Statuses, instance_id: str) -> None:
    stack.api.delete(f"/api/v1/instances/{instance_id}")
    statuses.wait(instance_id, "")
    statuses.wait_idle()

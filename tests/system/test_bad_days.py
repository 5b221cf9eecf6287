"""libvirtd, Redis and our own processes end or hang: nobody waits, nothing is lost or doubled, all heals by itself."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

import httpx
import pytest

from tests.stack import Stack
from tests.system.conftest import host_of

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

SOON = 2.0
"""Seconds that a page may take on the worst day; tests run on busy machines."""


def assert_quick(stack: Stack, browser: httpx.Client) -> None:
    for ask in (lambda: browser.get("/p/demo/instances/"), lambda: stack.api.get("/api/v1/instances")):
        began = time.monotonic()
        answer = ask()
        assert answer.status_code == 200, answer.text[:500]
        assert time.monotonic() - began < SOON


def domains_of(stack: Stack, instance_id: str) -> int:
    return stack.host.virsh("list", "--all", "--uuid").split().count(instance_id)


@pytest.mark.parametrize("how", ["stop", "kill9", "pause"])
def test_libvirtd_goes_away_and_comes_back(well: Stack, how: str) -> None:
    instance_id = well.create("steady")
    browser = well.signed_in()
    getattr(well.host, how)()
    deadline = time.monotonic() + 60
    while host_of(well)["status"] == "up":
        assert_quick(well, browser)
        assert time.monotonic() < deadline, "the host is still shown as up"
        time.sleep(0.1)
    assert host_of(well)["status"] == "down"
    assert host_of(well)["trouble"], "the reason is not told"
    assert well.instance(instance_id)["status"] == "unknown"
    # What is asked for meanwhile is taken, and waits.
    deletion = well.api.delete(f"/api/v1/instances/{instance_id}")
    assert deletion.status_code == 202
    assert_quick(well, browser)
    well.host.resume()
    well.host.start()
    well.until(lambda: host_of(well)["status"] == "up", within=60)
    well.until(lambda: well.api.get(f"/api/v1/instances/{instance_id}").status_code == 404, within=60)
    assert domains_of(well, instance_id) == 0


def test_libvirtd_restarts_and_the_guest_is_shown_again(well: Stack) -> None:
    instance_id = well.create("survivor")
    well.host.restart()
    well.shows(instance_id, "running", within=30)
    well.host.virsh("destroy", instance_id)
    well.shows(instance_id, "stopped", within=10)


def test_libvirtd_is_killed_during_a_create(well: Stack) -> None:
    operation = well.begin("interrupted")
    time.sleep(0.1)
    well.host.kill9()
    time.sleep(1)
    well.host.start()
    well.succeeded(operation, within=120)
    instance_id = operation["target"]["id"]
    well.shows(instance_id, "running", within=30)
    assert domains_of(well, instance_id) == 1


def test_redis_stops_and_comes_back(well: Stack) -> None:
    browser = well.signed_in()
    well.redis_stop()
    assert_quick(well, browser)
    began = time.monotonic()
    operation = well.begin("no-redis")
    assert time.monotonic() - began < SOON
    assert_quick(well, browser)
    well.redis_start()
    well.succeeded(operation, within=90)
    assert domains_of(well, operation["target"]["id"]) == 1
    well.wait_healthy()
    assert well.create("after-redis")


@pytest.mark.parametrize("after", [0.03, 0.12, 0.3])
def test_the_worker_is_killed_in_the_middle_of_a_create(well: Stack, after: float) -> None:
    operation = well.begin("orphan")
    time.sleep(after)
    well.kill("worker", signal.SIGKILL)
    well.start("worker")
    well.succeeded(operation, within=120)
    instance_id = operation["target"]["id"]
    assert well.instance(instance_id)["status"] == "running"
    assert domains_of(well, instance_id) == 1
    names = [row["name"] for row in well.api.get("/api/v1/instances").json()["results"]]
    assert names == ["orphan"]


def test_the_observer_is_killed(well: Stack) -> None:
    instance_id = well.create("unobserved")
    well.kill("observer", signal.SIGKILL)
    well.host.virsh("destroy", instance_id)
    well.start("observer")
    well.shows(instance_id, "stopped", within=20)


def test_web_is_killed_and_what_was_taken_is_done(well: Stack) -> None:
    browser = well.signed_in()
    operation = well.begin("unattended")
    well.kill("web", signal.SIGKILL)
    with contextlib.suppress(httpx.HTTPError):
        browser.get("/p/demo/instances/")
    well.start("web")
    well.wait_healthy()
    well.succeeded(operation)
    assert_quick(well, browser)


def test_a_silent_host_delays_nobody(well: Stack, silent: Callable[[], str]) -> None:
    answer = well.api.post("/api/v1/hosts", json={"name": "silent", "uri": f"qemu+tcp://{silent()}/system"})
    assert answer.status_code == 202, answer.text
    host_id = answer.json()["target"]["id"]
    well.shell(
        f"from console.fleet.models.hosts import Host; Host.unscoped.filter(pk={host_id!r}).update(enrolled=True)"
    )
    browser = well.signed_in("ADMIN")

    def row() -> dict:
        return next(row for row in well.api.get("/api/v1/hosts").json()["results"] if row["id"] == host_id)

    well.until(lambda: row()["status"] == "down" and row()["trouble"], within=60)
    assert_quick(well, browser)
    began = time.monotonic()
    instance_id = well.create("beside-silence")
    assert time.monotonic() - began < 15
    well.host.virsh("destroy", instance_id)
    well.shows(instance_id, "stopped", within=5)
    well.api.post(f"/api/v1/operations/{answer.json()['id']}/cancel", json={})
    well.finished(answer.json()["id"], within=120)
    assert well.api.delete(f"/api/v1/hosts/{host_id}").status_code in (200, 204)

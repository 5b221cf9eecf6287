"""Real guests by REST: made, seen, stopped, rebooted, lost, adopted, deleted."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.stack import Stack

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHzT6f3rA6tCc0mPpT1uKDlWj8iQJ7m2kZ1nTn1nJ0a1 someone@example"
HOSTILE = "Größe <&> ]]> 🚀 'x' \"y\""


def test_a_guest_is_told_who_it_is(well: Stack) -> None:
    key = well.api.post("/api/v1/keypairs", json={"name": f"key-{uuid.uuid4().hex[:6]}", "public_key": KEY})
    assert key.status_code == 201, key.text
    name, script = HOSTILE, "#!/bin/sh\necho 'user data <]]> 🚀' ran: $((6*7))\n"
    instance_id = well.create(name, key_pair=key.json()["id"], user_data=script)
    try:
        shown = well.instance(instance_id)
        assert (shown["status"], shown["name"]) == ("running", name)
        log = well.until(lambda: (text := well.console_log(instance_id)) and "🚀 ran: 42" in text and text, within=60)
        assert KEY.split()[1][:30] in log
        assert "gr-e-x-y" in log
        address = well.until(
            lambda: [row["address"] for row in well.instance(instance_id)["addresses"] if row["address"]]
        )
        assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", address[0])
        title = well.host.virsh("desc", instance_id, "--title")
        assert title.strip() == name
    finally:
        well.delete(instance_id)
        well.api.delete(f"/api/v1/keypairs/{key.json()['id']}")


def test_stop_by_acpi_start_reboot_and_delete_leave_nothing(well: Stack) -> None:
    before = set(well.host.run("ls", well.host.pool_path).split())
    instance_id = well.create("lifecycle")
    well.until(lambda: "ready lifecycle" in well.console_log(instance_id), within=60)
    began = time.monotonic()
    well.succeeded(well.act(instance_id, "stop"))
    assert time.monotonic() - began < 20, "the power button did not do it"
    assert well.instance(instance_id)["status"] == "stopped"
    well.succeeded(well.act(instance_id, "start"))
    assert well.instance(instance_id)["status"] == "running"
    well.succeeded(well.act(instance_id, "reboot", hard=True))
    assert well.instance(instance_id)["status"] == "running"
    well.delete(instance_id)
    assert instance_id not in well.host.virsh("list", "--all", "--uuid")
    assert set(well.host.run("ls", well.host.pool_path).split()) == before


def test_a_guest_that_does_not_listen_is_forced_off_after_the_time_out(well: Stack) -> None:
    instance_id = well.create("deaf")  # in its first second no guest listens to its power button
    operation = well.succeeded(well.act(instance_id, "stop", timeout=1))
    assert well.instance(instance_id)["status"] == "stopped"
    assert well.host.virsh("domstate", instance_id).strip() == "shut off"
    assert operation["state"] == "succeeded"


def test_what_is_done_outside_is_shown(well: Stack) -> None:
    instance_id = well.create("outside")
    well.host.virsh("destroy", instance_id)
    well.shows(instance_id, "stopped", within=5)
    well.host.virsh("start", instance_id)
    well.shows(instance_id, "running", within=5)
    well.host.virsh("suspend", instance_id)
    well.shows(instance_id, "paused", within=5)
    well.host.virsh("destroy", instance_id)
    well.host.virsh("undefine", instance_id)
    well.shows(instance_id, "missing", within=5)
    well.delete(instance_id)


def test_a_domain_of_somebody_else_is_listed_and_adopted_as_it_is(well: Stack) -> None:
    identity = str(uuid.uuid4())
    xml = (
        f"<domain type='qemu'><name>stranger</name><uuid>{identity}</uuid><memory unit='MiB'>64</memory>"
        "<os><type arch='x86_64'>hvm</type></os></domain>"
    )
    well.host.run("sh", "-c", f"cat > /tmp/{identity}.xml <<'END'\n{xml}\nEND\nvirsh define /tmp/{identity}.xml")
    row = well.until(lambda: _unmanaged(well, identity), within=20)
    answer = well.api.post(f"/api/v1/unmanaged-domains/{row['id']}/adopt", json={})
    well.succeeded(well.accepted(answer))
    assert well.instance(identity)["status"] == "stopped"
    assert _unmanaged(well, identity) is None
    assert "virtdeck" in well.host.virsh("dumpxml", identity)
    well.delete(identity)
    assert identity not in well.host.virsh("list", "--all", "--uuid")


def _unmanaged(stack: Stack, identity: str) -> dict[str, Any] | None:
    rows = stack.api.get("/api/v1/unmanaged-domains").json()["results"]
    return next((row for row in rows if row["uuid"] == identity), None)


def test_several_at_once(well: Stack) -> None:
    answer = well.api.post("/api/v1/instances", json=well.create_request("trio", count=3))
    assert answer.status_code == 202, answer.text
    for operation in answer.json()["results"]:
        well.succeeded(operation)
    rows = well.api.get("/api/v1/instances").json()["results"]
    assert {row["name"]: row["status"] for row in rows} == {f"trio-{number}": "running" for number in (1, 2, 3)}


def test_a_cancel_in_the_middle_leaves_nothing(well: Stack, guest: Callable[..., str]) -> None:
    before = set(well.host.run("ls", well.host.pool_path).split())
    operation = well.begin("cancelled")
    answer = well.api.post(f"/api/v1/operations/{operation['id']}/cancel", json={})
    ended = well.finished(operation)
    instance_id = operation["target"]["id"]
    if answer.status_code == 409:  # it was quicker than we were
        assert ended["state"] == "succeeded"
    else:
        assert ended["state"] == "cancelled", ended
        assert instance_id not in well.host.virsh("list", "--all", "--uuid")
        assert set(well.host.run("ls", well.host.pool_path).split()) == before
        assert well.instance(instance_id)["status"] == "error"
    well.delete(instance_id)

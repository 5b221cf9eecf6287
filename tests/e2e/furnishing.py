"""An installation that looks as if it were used: believable things in every state, made by REST."""

from __future__ import annotations

from typing import Any

from tests.stack import Stack

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHzT6f3rA6tCc0mPpT1uKDlWj8iQJ7m2kZ1nTn1nJ0a1 laptop"
RUNNING = ("web-1", "web-2", "api-gateway", "build-runner")
STOPPED = ("postgres-standby",)


def furnish(stack: Stack, *, guests: tuple[str, ...] = RUNNING) -> dict[str, str]:
    """Make things and answer what fills the blanks in addresses of pages."""
    member = stack.client(stack.credentials["VIRTDECK_MEMBER_TOKEN"])
    made = {name: stack.begin(name) for name in (*guests, *STOPPED)}
    key = _made(member.post("/api/v1/keypairs", json={"name": "laptop", "public_key": KEY}))
    _made(stack.api.post("/api/v1/keypairs", json={"name": "work-station", "public_key": KEY}))
    waiting = _made(stack.api.post("/api/v1/images", json={"name": "debian-13-cloud", "format": "qcow2"}))
    token = _made(member.post("/api/v1/tokens", json={"name": "ci"}))
    project = _made(stack.api.post("/api/v1/projects", json={"name": "Research", "description": "Models and data"}))
    user = _made(stack.api.post("/api/v1/users", json={"username": "mira", "full_name": "Mira Lindqvist"}))
    stack.api.put("/api/v1/members", json={"username": "mira", "role": "reader"})
    for operation in made.values():
        stack.succeeded(operation)
    for name in STOPPED:
        stack.host.virsh("destroy", made[name]["target"]["id"])
        stack.shows(made[name]["target"]["id"], "stopped", within=20)
    first = made[guests[0]]
    member_row = next(
        row for row in stack.api.get("/api/v1/members").json()["results"] if row["user"]["username"] == "mira"
    )
    return {
        "project": "demo",
        "instance_id": first["target"]["id"],
        "operation_id": first["id"],
        "image_id": waiting["id"],
        "flavor_id": stack.ids("flavors")["small"],
        "network_id": next(iter(stack.ids("networks").values())),
        "host_id": next(iter(stack.ids("hosts").values())),
        "key_pair_id": key["id"],
        "token_id": token["id"],
        "project_id": project["id"],
        "user_id": user["id"],
        "membership_id": member_row["id"],
        "domain_id": stranger(stack, "legacy-mail"),
        "stopped_id": made[STOPPED[0]]["target"]["id"],
    }


def stranger(stack: Stack, name: str) -> str:
    """Define a domain as somebody outside would, and answer the id of its row once it is listed."""
    path = stack.host.home / f"{name}.xml"
    path.write_text(
        f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>2</vcpu>"
        "<os><type arch='x86_64'>hvm</type></os></domain>"
    )
    stack.host.virsh("define", str(path))

    def listed() -> str:
        rows = stack.api.get("/api/v1/unmanaged-domains").json()["results"]
        return next((row["id"] for row in rows if row["name"] == name), "")

    return str(stack.until(listed, within=75))


def _made(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text[:1000]
    row: dict[str, Any] = answer.json()
    return row

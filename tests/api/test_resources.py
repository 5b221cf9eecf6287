"""REST v1: everything beside instances."""

from __future__ import annotations

import datetime
import hashlib
import uuid

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from django.utils import timezone

from compute.models.instances import Instance
from console.fleet.models.hosts import Host, UnmanagedDomain
from console.identity.models.audit import AuditEvent
from console.identity.models.projects import ApiToken, Membership, Project
from console.identity.models.users import User
from console.operations.models.operations import Operation
from storage.models.images import Image
from tests import factories
from tests.api.conftest import Api, World, run_all

OCTETS = "application/octet-stream"


# --- images -----------------------------------------------------------------------------------------------------------


def test_an_image_from_its_file(cloud: World) -> None:
    content = factories.qcow2()
    answer = cloud.member.post(
        "images",
        {
            "name": "mine",
            "format": "qcow2",
            "checksum": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "min_memory_mib": 64,
        },
    )
    assert answer.status_code == 201 and answer.json()["status"] == "queued"
    assert cloud.member.get(answer["Location"]).json() == answer.json()
    where = f"images/{answer.json()['id']}"
    sent = cloud.member.put(f"{where}/file", data=content, content_type=OCTETS)
    assert sent.status_code == 202 and sent.json()["kind"] == "image.import"
    assert sent.json()["image"]["status"] == "saving"
    run_all()
    assert cloud.member.get(sent["Location"]).json()["state"] == "succeeded"
    shown = cloud.member.get(where).json()
    assert shown["status"] == "active" and shown["virtual_size"] == 64 << 20 and shown["size"] == len(content)
    assert cloud.member.put(f"{where}/file", data=content, content_type=OCTETS).status_code == 409
    changed = cloud.member.patch(where, {"name": "other", "description": "d", "min_memory_mib": 1}).json()
    assert (changed["name"], changed["description"], changed["min_memory_mib"]) == ("other", "d", 1)
    assert {row["name"] for row in cloud.member.all("images?status=active")} == {"tiny", "other"}
    assert [row["name"] for row in cloud.member.all("images?name=other&format=qcow2")] == ["other"]
    gone = cloud.member.delete(where)
    assert gone.status_code == 202
    run_all()
    assert cloud.member.get(where).status_code == 404


def test_a_file_that_is_not_what_was_announced(cloud: World) -> None:
    content = factories.qcow2()
    for announced in ({"checksum": "0" * 64}, {"size": len(content) + 1}, {"size": len(content) - 1}):
        image = cloud.member.post("images", {"name": "x", "format": "qcow2", **announced}).json()
        answer = cloud.member.put(f"images/{image['id']}/file", data=content, content_type=OCTETS)
        assert answer.status_code in (413, 422) and list(answer.json()["fields"]) == ["file"]
        assert cloud.member.get(f"images/{image['id']}").json()["status"] == "queued"
    empty = cloud.member.put(f"images/{image['id']}/file", data=b"", content_type=OCTETS)
    assert empty.status_code in (415, 422)
    assert cloud.member.put(f"images/{image['id']}/file", {"a": 1}).status_code == 415


def test_a_file_that_is_no_image(cloud: World) -> None:
    image = cloud.member.post("images", {"name": "x", "format": "qcow2"}).json()
    cloud.member.put(f"images/{image['id']}/file", data=b"not a disk", content_type=OCTETS)
    run_all()
    shown = cloud.member.get(f"images/{image['id']}").json()
    assert shown["status"] == "error" and shown["trouble"]


def test_public_images(cloud: World) -> None:
    where = f"images/{cloud.image.pk}"
    assert cloud.outsider.get(where).status_code == 404
    assert cloud.member.patch(where, {"visibility": "public"}).status_code == 403
    assert cloud.staff.patch(where, {"visibility": "public"}).status_code == 200
    assert cloud.outsider.get(where).status_code == 200
    assert cloud.outsider.delete(where).status_code == 403
    assert cloud.outsider.patch(where, {"name": "mine now"}).status_code == 403
    factories.instance(cloud.project, image=cloud.image.pk, running=False)
    used = cloud.member.delete(where)
    assert used.status_code == 409 and used.json()["code"] == "image_in_use"


# --- flavors and key pairs --------------------------------------------------------------------------------------------


def test_flavors(world: World) -> None:
    body = {"name": "m1", "vcpus": 2, "memory_mib": 512, "disk_gib": 5}
    assert world.admin.post("flavors", body).status_code == 403
    answer = world.staff.post("flavors", body)
    assert answer.status_code == 201
    where = answer["Location"]
    assert {**answer.json(), **body} == answer.json() == world.reader.get(where).json()
    twice = world.staff.post("flavors", body)
    assert twice.status_code == 409 and list(twice.json()["fields"]) == ["name"]
    assert world.staff.patch(where, {"enabled": False, "description": "old"}).json()["enabled"] is False
    assert world.reader.get(where).status_code == 404
    assert world.staff.delete(where).status_code == 204
    assert world.staff.get(where).status_code == 404


def test_key_pairs(world: World) -> None:
    answer = world.member.post("keypairs", {"name": "made"})
    made = answer.json()
    assert answer.status_code == 201 and answer["Cache-Control"] == "no-store"
    assert load_ssh_private_key(made.pop("private_key").encode(), None)
    assert world.member.get(answer["Location"]).json() == made
    imported = world.member.post("keypairs", {"name": "sent", "public_key": made["public_key"] + " me@here\n"})
    assert imported.status_code == 201 and "private_key" not in imported.json()
    assert imported.json()["fingerprint"] == made["fingerprint"] and made["type"] == "ssh-ed25519"
    for body in ({"name": "made"}, {"name": "sent", "public_key": made["public_key"]}):
        assert world.member.post("keypairs", body).status_code == 409
    for wrong in ("", "ssh-ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-rsa AAAA", "x" * 20000, "\x00"):
        refused = world.member.post("keypairs", {"name": "x", "public_key": wrong})
        assert refused.status_code == 422 and list(refused.json()["fields"]) == ["public_key"], wrong
    assert world.admin.all("keypairs") == []
    assert world.admin.get(answer["Location"]).status_code == 404
    assert world.admin.delete(answer["Location"]).status_code == 404
    assert world.reader.post("keypairs", {"name": "x"}).status_code == 403
    assert world.member.delete(answer["Location"]).status_code == 204
    assert [row["name"] for row in world.member.all("keypairs")] == ["sent"]


# --- networks, operations ---------------------------------------------------------------------------------------------


def test_networks(world: World) -> None:
    network = factories.network()
    (row,) = world.reader.all("networks?name=default&is_default=true")
    assert row == world.reader.get(f"networks/{network.pk}").json()
    assert row["is_default"] and row["shared"] and row["project"] is None and row["cidr"] == "10.99.0.0/24"
    assert world.staff.post("networks", {}).status_code == 405


def test_operations(cloud: World) -> None:
    instance = factories.instance(cloud.project)
    rows = cloud.reader.all(f"operations?target_id={instance.pk}&kind=instance.create&state=succeeded")
    assert len(rows) == 1
    shown = cloud.reader.get(f"operations/{rows[0]['id']}").json()
    assert [step["name"] for step in shown["steps"]] == [
        "image_ready",
        "disks_ready",
        "domain_defined",
        "domain_running",
    ]
    assert {step["state"] for step in shown["steps"]} == {"done"} and shown["progress"] == 100
    assert shown["target"] == {"type": "instance", "id": str(instance.pk), "name": "web"}
    assert cloud.reader.all(f"operations?request_id={shown['request_id']}x") == []
    assert cloud.outsider.get(f"operations/{shown['id']}").status_code == 404
    assert cloud.member.post(f"operations/{shown['id']}/cancel").json()["code"] == "operation_ended"
    assert cloud.member.post(f"operations/{shown['id']}/retry").json()["code"] == "not_retryable"
    assert cloud.reader.get("operations?state=done").json()["fields"].keys() == {"state"}


def test_cancel_and_retry(cloud: World) -> None:
    body = {"name": "web", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk)}
    operation = cloud.member.post("instances", body).json()
    assert cloud.reader.post(f"operations/{operation['id']}/cancel").status_code == 403
    answer = cloud.member.post(f"operations/{operation['id']}/cancel")
    assert answer.status_code == 202 and answer.json()["state"] == "cancelling"
    run_all()
    shown = cloud.member.get(answer["Location"]).json()
    assert shown["state"] == "cancelled" and shown["error"]["code"] == "cancelled"
    assert cloud.member.get(f"instances/{operation['target']['id']}").json()["status"] == "error"
    assert cloud.member.post(f"operations/{operation['id']}/retry", key="again").json()["state"] == "queued"
    run_all()
    assert cloud.member.post(f"operations/{operation['id']}/retry", key="again").json()["state"] == "succeeded"
    assert cloud.member.get(f"instances/{operation['target']['id']}").json()["status"] == "running"


# --- the fleet --------------------------------------------------------------------------------------------------------


def test_hosts(world: World) -> None:
    answer = world.staff.post("hosts", {"name": "node", "uri": "qemu+tls://node.example/system"})
    assert answer.status_code == 202 and answer.json()["kind"] == "host.enrol"
    assert world.staff.get(answer["Location"]).json()["project"] is None
    assert world.member.get(answer["Location"]).status_code == 404
    where = f"hosts/{answer.json()['host']['id']}"
    assert world.staff.get(where).json()["status"] == "new"
    changed = world.staff.patch(where, {"vcpu_overcommit": 2.5, "reserved_memory_mib": 512, "enabled": False})
    assert changed.json()["vcpu_overcommit"] == 2.5 and changed.json()["enabled"] is False
    assert [row["name"] for row in world.staff.all("hosts?name=node&enabled=false")] == ["node"]
    busy = world.staff.post(f"{where}/enrol")
    assert busy.status_code == 409 and busy.json()["operation"] == answer.json()["id"]
    assert world.staff.post("hosts", {"name": "node", "uri": "qemu:///session"}).status_code == 409
    for field, value in (
        ("uri", "http://x/"),
        ("uri", "qemu+ssh://x/system?command=/bin/sh"),
        ("uri", "qemu:///sys tem"),
        ("pool_path", "relative"),
        ("pool_path", "/a/../b"),
        ("pool_path", "/" + "x" * 300),
        ("name", ""),
    ):
        refused = world.staff.post("hosts", {"name": "new", "uri": "qemu:///system", field: value})
        assert refused.status_code == 422 and list(refused.json()["fields"]) == [field], value
    for field, value in (("memory_overcommit", 1e300), ("memory_overcommit", 10**400), ("reserved_memory_mib", -1)):
        refused = world.staff.patch(where, {field: value})
        assert refused.status_code == 422 and list(refused.json()["fields"]) == [field], value
    assert world.staff.delete(where).status_code == 409  # its enrolment is still under way
    Operation.unscoped.update(state="failed")
    assert world.staff.delete(where).status_code == 204
    assert world.staff.get(where).status_code == 404


def test_a_host_that_holds_instances_stays(cloud: World) -> None:
    factories.instance(cloud.project, running=False)
    assert cloud.staff.delete(f"hosts/{Host.unscoped.get().pk}").status_code == 409


def test_unmanaged_domains(cloud: World) -> None:
    host = Host.unscoped.get()
    row = UnmanagedDomain.unscoped.create(
        host=host, uuid=uuid.uuid4(), name="old-vm", power="running", vcpus=1, memory_mib=256
    )
    (shown,) = cloud.staff.all(f"unmanaged-domains?host={host.pk}&name=old-vm")
    assert shown == cloud.staff.get(f"unmanaged-domains/{row.pk}").json()
    assert shown["uuid"] == str(row.uuid) and shown["host"]["name"] == "one"
    answer = cloud.staff.post(f"unmanaged-domains/{row.pk}/adopt", {"project": str(cloud.other.pk)}, key="a")
    assert answer.status_code == 202 and answer.json()["instance"]["id"] == str(row.uuid)
    assert cloud.staff.get(answer["Location"]).status_code == 200
    assert (
        cloud.staff.post(f"unmanaged-domains/{row.pk}/adopt", {"project": str(cloud.other.pk)}, key="a").json()["id"]
        == (answer.json()["id"])
    )
    assert Instance.unscoped.get(pk=row.uuid).project == cloud.other
    unknown = cloud.staff.post(f"unmanaged-domains/{uuid.uuid4()}/adopt")
    assert unknown.status_code == 404


# --- people -----------------------------------------------------------------------------------------------------------


def test_projects(world: World) -> None:
    assert [row["id"] for row in world.reader.all("projects")] == [str(world.project.pk)]
    assert world.reader.get(f"projects/{world.other.pk}").status_code == 404
    assert {row["name"] for row in world.staff.all("projects")} == {"Ours", "Theirs"}
    assert world.admin.post("projects", {"name": "Mine"}).status_code == 403
    answer = world.staff.post("projects", {"name": "New one", "description": "x"})
    assert answer.status_code == 201 and answer.json()["slug"] == "new-one"
    changed = world.staff.patch(answer["Location"], {"enabled": False, "name": "Renamed"})
    assert changed.json()["enabled"] is False and changed.json()["slug"] == "new-one"
    assert world.admin.patch(f"projects/{world.project.pk}", {"name": "x"}).status_code == 403
    assert Project.unscoped.get(pk=world.project.pk).name == "Ours"


def test_members(world: World) -> None:
    assert {row["user"]["username"]: row["role"] for row in world.reader.all("members")} == {
        "reader-one": "reader",
        "member-one": "member",
        "admin-one": "admin",
    }
    factories.user("newcomer")
    assert world.member.put("members", {"username": "newcomer", "role": "reader"}).status_code == 403
    answer = world.admin.put("members", {"username": "newcomer", "role": "reader"})
    assert answer.status_code == 200 and answer.json()["user"]["username"] == "newcomer"
    where = f"members/{answer.json()['id']}"
    assert world.admin.put("members", {"username": "newcomer", "role": "member"}).json()["role"] == "member"
    assert world.admin.put("members", {"username": "nobody", "role": "member"}).json()["fields"].keys() == {"username"}
    assert world.admin.put("members", {"username": "newcomer", "role": "king"}).json()["fields"].keys() == {"role"}
    last = world.admin.put("members", {"username": "admin-one", "role": "reader"})
    assert last.status_code == 409
    assert world.outsider.delete(where).status_code == 404
    assert world.member.delete(where).status_code == 403
    assert world.admin.delete(where).status_code == 204
    assert world.admin.get(where).status_code == 404


def test_tokens(world: World) -> None:
    answer = world.member.post("tokens", {"name": "ci"})
    assert answer.status_code == 201
    made = answer.json()
    fresh = Api(made.pop("token"))
    assert fresh.get("projects").status_code == 200
    assert world.member.get(answer["Location"]).json()["id"] == made["id"]
    assert {row["user"] for row in world.member.all("tokens")} == {"member-one"}
    assert {row["user"] for row in world.admin.all("tokens")} >= {"member-one", "reader-one", "staff-one"}
    assert world.reader.get(answer["Location"]).status_code == 404
    assert world.reader.delete(f"tokens/{made['id']}").status_code == 403
    assert world.outsider.delete(f"tokens/{made['id']}").status_code == 404
    assert world.member.delete(f"tokens/{made['id']}").status_code == 204
    assert fresh.get("projects").status_code == 401
    for wrong in ("yesterday", "2020-01-01T00:00:00Z", 5, {}, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        refused = world.member.post("tokens", {"name": "x", "expires_at": wrong})
        assert refused.status_code == 422 and list(refused.json()["fields"]) == ["expires_at"], wrong
    soon = timezone.now() + datetime.timedelta(hours=1)
    assert world.member.post("tokens", {"name": "x", "expires_at": soon.isoformat()}).status_code == 201


def test_tokens_that_open_nothing_any_more(world: World) -> None:
    def status() -> int:
        return world.member.get("projects").status_code

    assert status() == 200
    person = world.people["member"]
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert status() == 401
    User.objects.filter(pk=person.pk).update(is_active=True)
    ApiToken.unscoped.filter(user=person).update(expires_at=timezone.now())
    assert status() == 401
    ApiToken.unscoped.filter(user=person).update(expires_at=None)
    Project.unscoped.filter(pk=world.project.pk).update(enabled=False)
    assert status() == 401
    Project.unscoped.filter(pk=world.project.pk).update(enabled=True)
    Membership.unscoped.filter(user=person).delete()
    assert status() == 401


def test_users(world: World) -> None:
    assert world.admin.get("users").status_code == 403
    answer = world.staff.post("users", {"username": "anna", "email": "a@example.com"}, key="u")
    assert answer.status_code == 201
    made = answer.json()
    person = User.objects.get(username="anna")
    assert person.check_password(made["password"])
    assert world.staff.post("users", {"username": "anna", "email": "a@example.com"}, key="u").json()["code"] == (
        "secret_shown_once"
    )
    assert world.staff.post("users", {"username": "anna"}).status_code == 409
    assert world.staff.get(answer["Location"]).json()["username"] == "anna"
    changed = world.staff.patch(f"users/{made['id']}", {"full_name": "Anna B", "is_active": False})
    assert changed.json()["full_name"] == "Anna B" and changed.json()["is_active"] is False
    last = world.staff.patch(f"users/{world.people['staff'].pk}", {"is_staff": False})
    assert last.status_code == 409
    password = world.staff.post(f"users/{made['id']}/reset-password").json()["password"]
    person.refresh_from_db()
    assert person.check_password(password)
    for body, field in (
        ({"username": ""}, "username"),
        ({"username": "x", "password": "short"}, "password"),
        ({"username": "x", "email": "nope"}, "email"),
        ({"username": "x", "is_staff": 1}, "is_staff"),
    ):
        assert list(world.staff.post("users", body).json()["fields"]) == [field]
    chosen = world.staff.post("users", {"username": "ben", "password": "a-long-enough-one"})
    assert chosen.json()["password"] == ""
    assert len(world.staff.all("users?limit=2")) == User.objects.count()


def test_quotas(world: World) -> None:
    rows = {row["resource"]: row for row in world.reader.all("quotas")}
    assert rows["instances"]["limit"] == rows["instances"]["left"] == 20 and rows["instances"]["used"] == 0
    assert world.admin.patch("quotas", {"instances": 99}).status_code == 403
    answer = world.staff.patch("quotas", {"instances": 99, "vcpus": -1})
    assert answer.status_code == 200
    rows = {row["resource"]: row for row in answer.json()["results"]}
    assert rows["instances"]["limit"] == 99 and rows["vcpus"]["left"] is None
    world.staff.patch("quotas", {"instances": 1, "project": str(world.other.pk)})
    assert world.staff.all(f"quotas?project={world.other.pk}&resource=instances")[0]["limit"] == 1
    assert world.member.all(f"quotas?project={world.other.pk}") == []
    for body in ({"instances": -2}, {"instances": 2**70}, {"instances": "5"}, {"gpus": 1}):
        assert list(world.staff.patch("quotas", body).json()["fields"]) == list(body)


def test_audit_events(world: World) -> None:
    world.member.post("keypairs", {"name": "k"})
    world.reader.post("keypairs", {"name": "k"})
    assert world.member.get("audit-events").status_code == 403
    (event,) = world.admin.all("audit-events?action=keypair.create&actor=member-one")
    assert event["outcome"] == "done" and event["target"]["name"] == "k" and event["request_id"]
    assert world.admin.get(f"audit-events/{event['id']}").json() == event
    ours = AuditEvent.unscoped.filter(project=world.project).count()
    assert len(world.admin.all("audit-events?limit=3")) == ours
    assert len(world.staff.all("audit-events?all_projects=true")) == AuditEvent.unscoped.count() > ours
    assert world.outsider.get(f"audit-events/{event['id']}").status_code == 404


@pytest.mark.parametrize("path", ["hosts", "users", "unmanaged-domains"])
def test_the_fleet_is_for_staff(world: World, path: str) -> None:
    for api in (world.reader, world.member, world.admin, world.outsider):
        answer = api.get(path)
        assert answer.status_code == 403 and answer.json()["code"] == "staff_needed"
        assert api.post(path, {"junk": 1}).status_code in (403, 405)
    assert Image.unscoped.count() == 0

"""REST v1: the life of an instance, as automation drives it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from compute.models.instances import ConsoleLog, Instance
from console.fleet.models.hosts import Host
from console.identity.models.projects import Quota
from console.operations.models.operations import Operation
from console.virt.port import Lease
from networking.models.networks import Network, Port
from networking.services.networks import leases_observed
from tests import factories
from tests.api.conftest import Api, World, run_all


def create(cloud: World, **more: object) -> dict:
    body = {"name": "web", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk), **more}
    answer = cloud.member.post("instances", body)
    assert answer.status_code == 202, answer.content
    return answer.json()


def made(cloud: World, **more: object) -> str:
    operation = create(cloud, **more)
    run_all()
    return operation["target"]["id"]


def test_from_nothing_to_running_and_back(cloud: World) -> None:
    api = cloud.member
    answer = api.post("instances", {"name": "web", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk)})
    assert answer.status_code == 202
    operation = answer.json()
    assert answer["Location"] == f"http://testserver/api/v1/operations/{operation['id']}"
    assert operation["state"] == "queued" and operation["kind"] == "instance.create"
    assert operation["instance"]["id"] == operation["target"]["id"]
    assert operation["instance"]["status"] == "building"

    run_all()
    assert api.get(answer["Location"]).json()["state"] == "succeeded"
    shown = api.get(f"instances/{operation['target']['id']}").json()
    assert shown["status"] == "running"
    assert shown["flavor"] == {"id": str(cloud.flavor.pk), "name": "small"}
    assert shown["image"] == {"id": str(cloud.image.pk), "name": "tiny"}
    assert (shown["vcpus"], shown["memory_mib"], shown["disk_gib"]) == (1, 128, 1)
    assert shown["project"] == str(cloud.project.pk) and shown["trouble"] is None
    assert shown["addresses"] == []
    port = Port.unscoped.get()
    leases_observed([Lease(port.mac, "10.99.0.7", "web", 0.0)])
    card = {"address": "10.99.0.7", "mac": port.mac, "network": "default"}
    assert api.get(f"instances/{shown['id']}").json()["addresses"] == [card]
    assert parse_datetime(shown["started_at"])
    assert "host" not in shown

    for verb, status in (("stop", "stopped"), ("start", "running"), ("reboot", "running")):
        body = {"force": True} if verb == "stop" else None
        answer = api.post(f"instances/{shown['id']}/{verb}", body)
        assert answer.status_code == 202, answer.content
        run_all()
        assert api.get(f"instances/{shown['id']}").json()["status"] == status

    answer = api.delete(f"instances/{shown['id']}")
    assert answer.status_code == 202
    assert api.get(f"instances/{shown['id']}").json()["status"] == "deleting"
    run_all()
    assert api.get(f"instances/{shown['id']}").status_code == 404
    assert api.get(answer["Location"]).json()["state"] == "succeeded"
    assert not Quota.unscoped.filter(project=cloud.project, used__gt=0).exists()


def test_several_at_once(cloud: World) -> None:
    body = {"name": "n", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk), "count": 3}
    answer = cloud.member.post("instances", body)
    assert answer.status_code == 202 and answer.json()["next"] is None
    assert len(answer.json()["results"]) == 3
    assert [row["name"] for row in answer.json()["instances"]] == ["n-1", "n-2", "n-3"]
    assert len(cloud.member.all(answer["Location"])) == 3
    run_all()
    assert {row["status"] for row in cloud.member.all("instances")} == {"running"}


def test_all_that_a_create_takes(cloud: World) -> None:
    key_pair = cloud.member.post("keypairs", {"name": "mine"}).json()
    network = Network.unscoped.get()
    text = "#!/bin/sh\necho '<b>]]>&amp; ✓ \U0001f600'  \n"
    instance_id = made(
        cloud, key_pair=key_pair["id"], network=str(network.pk), user_data=text, description=" <i> ", name="名字 🚀"
    )
    row = Instance.unscoped.get(pk=instance_id)
    assert row.user_data == text
    shown = cloud.member.get(f"instances/{instance_id}").json()
    assert (shown["key_name"], shown["description"], shown["name"]) == ("mine", " <i> ", "名字 🚀")
    assert made(cloud, key_pair=None, network=None, user_data=None, description=None)


@pytest.mark.parametrize("name", ["image", "flavor", "network", "key_pair"])
def test_an_id_of_nothing_or_of_others_names_its_field(cloud: World, name: str) -> None:
    theirs = {"image": factories.image(cloud.other).pk, "key_pair": uuid.uuid4(), "network": uuid.uuid4()}
    for wrong in (uuid.uuid4(), theirs.get(name, uuid.uuid4())):
        body = {"name": "x", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk), name: str(wrong)}
        answer = cloud.member.post("instances", body)
        assert answer.status_code == 422 and list(answer.json()["fields"]) == [name]
    assert not Instance.unscoped.exists()


def test_a_quota_that_is_too_small(cloud: World) -> None:
    Quota.unscoped.filter(project=cloud.project, resource="vcpus").update(limit=2)
    body = {"name": "x", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk), "count": 3}
    answer = cloud.member.post("instances", body)
    assert answer.status_code == 409 and answer.json()["code"] == "quota_exceeded"
    assert list(answer.json()["fields"]) == ["vcpus"]
    assert not Instance.unscoped.exists() and not Operation.unscoped.filter(kind="instance.create").exists()
    assert not Quota.unscoped.filter(project=cloud.project, used__gt=0).exists()


def test_no_host_fits(cloud: World) -> None:
    Host.unscoped.update(enabled=False)
    body = {"name": "x", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk)}
    answer = cloud.member.post("instances", body)
    assert answer.status_code == 409 and answer.json()["code"] == "no_capacity"
    assert answer.json()["detail"] == "No host has room for it now."
    assert "one: is disabled" in cloud.staff.post("instances", body).json()["detail"]


def test_filters(cloud: World) -> None:
    web, db = made(cloud, name="web"), made(cloud, name="db")
    cloud.member.post(f"instances/{db}/stop", {"force": True})
    run_all()

    def ids(query: str, api: Api = cloud.member) -> set[str]:
        return {row["id"] for row in api.all(f"instances?{query}")}

    assert ids("name=web") == {web}
    assert ids("status=stopped") == {db}
    assert ids("status=running&name=web") == {web}
    assert ids("status=paused") == set()
    assert ids(f"flavor={cloud.flavor.pk}") == {web, db}
    assert ids(f"image={uuid.uuid4()}") == set()
    host = Host.unscoped.get()
    assert ids(f"host={host.pk}", cloud.staff) == {web, db}
    assert ids(f"project={cloud.other.pk}&all_projects=1", cloud.staff) == set()
    for query, name in (
        ("nmae=x", "nmae"),
        ("status=ACTIVE!", "status"),
        ("flavor=small", "flavor"),
        (f"host={host.pk}", "host"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=MjAyNi0wMS0wMSB4", "cursor"),
        ("name=%00", "name"),
        ("all_projects=perhaps", "all_projects"),
    ):
        answer = cloud.member.get(f"instances?{query}")
        assert answer.status_code == 422 and name in answer.json()["fields"], query


def test_staff_see_the_host_and_all_projects(cloud: World) -> None:
    instance_id = made(cloud)
    assert cloud.staff.get(f"instances/{instance_id}").json()["host"]["name"] == "one"
    theirs = str(factories.instance(cloud.other, running=False).pk)
    assert cloud.staff.get(f"instances/{theirs}").status_code == 404
    assert cloud.staff.get(f"instances/{theirs}?all_projects=1").status_code == 200
    assert len(cloud.staff.all("instances")) == 1
    assert len(cloud.staff.all("instances?all_projects=1")) == 2
    assert cloud.member.get("instances?all_projects=1").status_code == 403
    assert cloud.staff.post(f"instances/{theirs}/stop?all_projects=1").status_code in (202, 409)


def test_rename_and_describe(cloud: World) -> None:
    instance_id = made(cloud)
    answer = cloud.member.patch(f"instances/{instance_id}", {"name": " neu ", "description": "what for"})
    assert answer.status_code == 200 and answer.json()["name"] == "neu"
    assert cloud.member.get(f"instances/{instance_id}").json()["description"] == "what for"
    assert cloud.member.patch(f"instances/{instance_id}", {}).status_code == 200
    assert cloud.member.patch(f"instances/{instance_id}", {"status": "running"}).json()["fields"].keys() == {"status"}


def test_an_act_in_the_wrong_state(cloud: World) -> None:
    instance_id = made(cloud)
    assert cloud.member.post(f"instances/{instance_id}/start").json()["code"] == "wrong_state"
    first = cloud.member.post(f"instances/{instance_id}/reboot", {"hard": True}).json()
    busy = cloud.member.post(f"instances/{instance_id}/stop")
    assert busy.status_code == 409 and busy.json()["code"] == "busy" and busy.json()["operation"] == first["id"]


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("stop", {"timeout": 0}, "timeout"),
        ("stop", {"timeout": "60"}, "timeout"),
        ("stop", {"timeout": 10**30}, "timeout"),
        ("stop", {"force": "yes"}, "force"),
        ("stop", {"now": True}, "now"),
        ("reboot", {"hard": 1}, "hard"),
        ("start", {"hard": True}, "hard"),
        ("console", {}, "type"),
        ("console", {"type": "spice"}, "type"),
        ("console", {"type": None}, "type"),
    ],
)
def test_wrong_parameters_of_acts(cloud: World, verb: str, body: dict, field: str) -> None:
    instance_id = made(cloud)
    answer = cloud.member.post(f"instances/{instance_id}/{verb}", body)
    assert answer.status_code == 422 and list(answer.json()["fields"]) == [field]
    assert cloud.member.get(f"instances/{instance_id}").json()["status"] == "running"


def test_a_console_ticket(cloud: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str] = {}

    class Redis:
        def set(self, name: str, value: str, ex: int) -> None:
            assert ex == 30
            kept[name] = value

    instance_id = made(cloud)
    assert cloud.member.post(f"instances/{instance_id}/console", {"type": "serial"}).status_code == 503
    monkeypatch.setattr("compute.services.consoles.client", Redis)
    answer = cloud.member.post(f"instances/{instance_id}/console", {"type": "serial"}, key="once")
    assert answer.status_code == 201
    console = answer.json()
    assert console["url"].startswith("ws://testserver/ws/console/") and console["url"].endswith("/")
    assert console["type"] == "serial" and parse_datetime(console["expires_at"])
    assert answer["Cache-Control"] == "no-store"
    assert console["url"].split("/")[-2] not in str(kept)
    again = cloud.member.post(f"instances/{instance_id}/console", {"type": "serial"}, key="once")
    assert again.status_code == 409 and again.json()["code"] == "secret_shown_once"
    assert cloud.reader.post(f"instances/{instance_id}/console", {"type": "vnc"}).status_code == 403
    secure = cloud.member.post(f"instances/{instance_id}/console", {"type": "vnc"}, secure=True)
    assert secure.json()["url"].startswith(("ws://", "wss://"))


def test_the_console_log(cloud: World) -> None:
    instance_id = made(cloud)
    assert cloud.reader.get(f"instances/{instance_id}/console-log").json() == {"output": ""}
    ConsoleLog.objects.create(instance_id=instance_id, text="\n".join(f"line {n} <b>" for n in range(500)))
    assert cloud.reader.get(f"instances/{instance_id}/console-log?lines=2").json() == {
        "output": "line 498 <b>\nline 499 <b>"
    }
    assert len(cloud.reader.get(f"instances/{instance_id}/console-log").json()["output"].splitlines()) == 200
    for wrong in ("0", "-1", "x", "99999", "²"):
        answer = cloud.reader.get(f"instances/{instance_id}/console-log?lines={wrong}")
        assert answer.status_code == 422 and list(answer.json()["fields"]) == ["lines"]


def test_trouble_is_told(cloud: World) -> None:
    from console.virt.errors import Refused

    factories.fake_of(Host.unscoped.get()).fail_next("domain_ensure", Refused("no such machine", hint="use another"))
    instance_id = made(cloud)
    shown = cloud.member.get(f"instances/{instance_id}").json()
    assert shown["status"] == "error" and shown["trouble"] == {"message": "no such machine", "hint": "use another"}


def test_a_list_page_costs_few_queries(cloud: World, django_assert_max_num_queries: Any) -> None:
    create(cloud, count=15)
    with django_assert_max_num_queries(8):
        assert len(cloud.member.get("instances").json()["results"]) == 15

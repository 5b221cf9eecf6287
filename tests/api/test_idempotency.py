"""REST v1: an Idempotency-Key makes a POST happen once, however often and however fast it is repeated."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from compute.models.catalog import KeyPair
from compute.models.instances import Instance
from console.core.scope import Role
from console.identity.models.audit import AnsweredRequest
from console.identity.models.projects import ApiToken, Quota
from console.operations.models.operations import Operation
from storage.models.images import Image
from tests import factories
from tests.api.conftest import World, run_all


def spec(cloud: World, **more: Any) -> dict[str, Any]:
    return {"name": "web", "image": str(cloud.image.pk), "flavor": str(cloud.flavor.pk), **more}


def test_a_repeat_is_answered_without_acting(cloud: World) -> None:
    first = cloud.member.post("instances", spec(cloud), key="k1")
    again = cloud.member.post("instances/", spec(cloud), key="k1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"] and first["Location"] == again["Location"]
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    assert Instance.unscoped.count() == 1
    run_all()
    later = cloud.member.post("instances", spec(cloud), key="k1").json()
    assert later["state"] == "succeeded" and later["instance"]["status"] == "running"
    cloud.member.delete(f"instances/{later['instance']['id']}")
    run_all()
    gone = cloud.member.post("instances", spec(cloud), key="k1")
    assert gone.status_code == 202 and gone.json()["instance"] is None
    assert Instance.unscoped.count() == 0


def test_the_same_key_for_something_else(cloud: World) -> None:
    cloud.member.post("instances", spec(cloud), key="k")
    for path, body in (("instances", spec(cloud, name="other")), ("keypairs", {"name": "x"})):
        answer = cloud.member.post(path, body, key="k")
        assert answer.status_code == 409 and answer.json()["code"] == "idempotency_key_reused"
    reordered = dict(reversed(list(spec(cloud).items())))
    assert cloud.member.post("instances", reordered, key="k").status_code == 202
    assert Instance.unscoped.count() == 1 and KeyPair.unscoped.count() == 0


def test_keys_are_of_one_caller_in_one_project(cloud: World) -> None:
    for api in (cloud.member, cloud.admin, cloud.staff):
        assert api.post("keypairs", {"name": "same"}, key="k").status_code == 201
    assert KeyPair.unscoped.count() == 3


def test_a_refusal_uses_up_no_key(cloud: World) -> None:
    Quota.unscoped.filter(project=cloud.project, resource="instances").update(limit=0)
    assert cloud.member.post("instances", spec(cloud), key="k").status_code == 409
    Quota.unscoped.filter(project=cloud.project).update(limit=-1)
    assert cloud.member.post("instances", spec(cloud), key="k").status_code == 202


@pytest.mark.parametrize("key", ["x" * 129, "a\tb", "\x7f"])
def test_keys_that_are_none(cloud: World, key: str) -> None:
    answer = cloud.member.post("keypairs", {"name": "x"}, key=key)
    assert answer.status_code == 422 and "Idempotency-Key" in answer.json()["fields"]


def test_every_post_honours_the_key(cloud: World) -> None:
    """Each POST twice with one key: the second acts on nothing and tells what the first one did."""
    instance = factories.instance(cloud.project)
    running = f"instances/{instance.pk}"
    key_pair = cloud.member.post("keypairs", {"name": "given"}).json()["public_key"]
    spare = cloud.staff.post("hosts", {"name": "spare", "uri": "qemu+tls://spare/system"}).json()
    run_of = Operation.unscoped.get(pk=spare["id"])
    Operation.unscoped.filter(pk=run_of.pk).update(state="failed")
    person = factories.user("person")
    cases: list[tuple[Any, str, Any]] = [
        (cloud.member, f"{running}/reboot", {"hard": True}),
        (cloud.member, f"{running}/stop", {"force": True}),
        (cloud.member, f"{running}/start", None),
        (cloud.member, "instances", spec(cloud, count=2)),
        (cloud.member, "images", {"name": "i", "format": "raw"}),
        (cloud.member, "keypairs", {"name": "made"}),
        (cloud.member, "keypairs", {"name": "sent", "public_key": key_pair}),
        (cloud.member, "tokens", {"name": "t"}),
        (cloud.staff, "flavors", {"name": "f", "vcpus": 1, "memory_mib": 64, "disk_gib": 1}),
        (cloud.staff, "projects", {"name": "P"}),
        (cloud.staff, "users", {"username": "u"}),
        (cloud.staff, f"users/{person.pk}/reset-password", {}),
        (cloud.staff, "hosts", {"name": "h", "uri": "qemu+tls://h/system"}),
        (cloud.staff, f"operations/{run_of.pk}/retry", {}),
        (cloud.staff, f"operations/{run_of.pk}/cancel", {}),
    ]
    counted = (Instance, Image, KeyPair, ApiToken, Operation)
    for number, (api, path, body) in enumerate(cases):
        first = api.post(path, body, key=f"key-{number}")
        assert first.status_code in (200, 201, 202), (path, first.content)
        before = [model.unscoped.count() for model in counted]
        again = api.post(path, body, key=f"key-{number}")
        assert [model.unscoped.count() for model in counted] == before, path
        if again.status_code == 409:
            assert again.json()["code"] == "secret_shown_once", path
            assert {"password", "token", "private_key"} & set(first.json()), path
        else:
            assert again.status_code == first.status_code and again["Idempotency-Replayed"] == "true", path
            assert again.json().get("id") == first.json().get("id"), path
        Operation.unscoped.filter(target_type="host").update(state="failed") if "retry" not in path else None
        for operation in Operation.unscoped.filter(state="queued").exclude(target_type="host"):
            factories.run(operation)
    assert AnsweredRequest.unscoped.count() == len(cases)


@pytest.mark.django_db(transaction=True)
def test_concurrent_repeats() -> None:
    """Eight at once with one key: one acts, all answer the same."""
    project = factories.project()
    token = factories.token(project, factories.member(project, Role.MEMBER))
    factories.host()
    image, flavor = factories.image(project), factories.flavor()
    instance = factories.instance(project, "there", image=image.pk, flavor=flavor.pk)
    create = {"name": "web", "image": str(image.pk), "flavor": str(flavor.pk), "count": 2}
    for path, body, key in (
        ("/api/v1/instances", create, "create"),
        (f"/api/v1/instances/{instance.pk}/stop", {"force": True}, "stop"),
        ("/api/v1/images", {"name": "i", "format": "raw"}, "image"),
    ):
        answers = at_once(8, token, path, body, key)
        assert {status for status, _body in answers} <= {201, 202}, answers
        found = {json.dumps(body.get("id") or [row["id"] for row in body["results"]]) for _status, body in answers}
        assert len(found) == 1
    assert Instance.unscoped.count() == 3 and Image.unscoped.count() == 2
    assert Operation.unscoped.filter(kind="instance.stop").count() == 1
    made = at_once(6, token, "/api/v1/keypairs", {"name": "k"}, "pair")
    assert sorted(status for status, _body in made) == [201, 409, 409, 409, 409, 409]
    assert {body["code"] for status, body in made if status == 409} == {"secret_shown_once"}
    other = at_once(2, token, "/api/v1/keypairs", {"name": "k2"}, "pair")
    assert {body["code"] for _status, body in other} == {"idempotency_key_reused"}


def at_once(count: int, token: str, path: str, body: Any, key: str) -> list[tuple[int, Any]]:
    """The answers to the same request, sent by so many threads at the same moment."""
    answers: list[tuple[int, Any]] = []
    start = threading.Barrier(count)

    def send() -> None:
        client = Client(headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key})
        start.wait()
        answer = client.post(path, json.dumps(body), content_type="application/json")
        answers.append((answer.status_code, answer.json()))
        connection.close()

    threads = [threading.Thread(target=send) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers

"""REST v1: what every answer has in common."""

from __future__ import annotations

import pytest
from django.test import Client

from compute.models.catalog import KeyPair
from console.identity.api import kit
from tests.api.conftest import Api, World, check_problem

COLLECTIONS = (
    "instances", "images", "flavors", "keypairs", "networks", "operations", "hosts", "unmanaged-domains", "projects",
    "members", "tokens", "users", "quotas", "audit-events",
)  # fmt: skip


@pytest.mark.parametrize("path", COLLECTIONS)
def test_lists(world: World, path: str) -> None:
    for address in (path, path + "/"):
        answer = world.staff.get(address)
        assert answer.status_code == 200 and answer["Content-Type"] == "application/json"
        assert set(answer.json()) == {"results", "next"}
        assert answer["Cache-Control"] == "no-store" and answer["X-Request-Id"].startswith("req-")
    assert world.staff.get(path + "//").status_code == 404
    assert world.staff.request("PUT" if path != "members" else "PATCH", path, {}).status_code == 405
    assert world.anonymous.get(path).status_code == 401
    assert world.anonymous.request("DELETE", path).status_code == 401


def test_the_way_it_is_asked_for_does_not_matter(world: World) -> None:
    for accept in ("text/html", "application/xml", "*/*", "junk", ""):
        answer = world.member.get("projects", headers={"Accept": accept})
        assert answer.status_code == 200 and answer["Content-Type"] == "application/json"
        assert world.member.get("nothing-here", headers={"Accept": accept}).json()["code"] == "no_such_path"


def test_method_not_allowed_names_what_is(world: World) -> None:
    answer = world.member.request("DELETE", "instances")
    assert answer.status_code == 405 and answer.json()["code"] == "method_not_allowed"
    assert {"GET", "POST"} <= set(answer["Allow"].split(", "))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v2/x", "/api/v1", "/api/v1/", "/api/v1/instances/x/y/z", "/api/\u4e2d"]
)
def test_addresses_that_lead_nowhere(world: World, path: str, method: str) -> None:
    assert world.anonymous.request(method, path, {}).json()["code"] == "no_such_path"


def test_request_ids(world: World) -> None:
    mine = "req-00000000-0000-4000-8000-000000000000"
    assert world.member.get("projects", headers={"X-Request-Id": mine})["X-Request-Id"] == mine
    assert world.member.get("projects", headers={"X-Request-Id": "a\nb"})["X-Request-Id"] != "a\nb"


def test_a_cookie_opens_nothing(world: World) -> None:
    client = Client()
    client.force_login(world.people["staff"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/projects").status_code == 401


def test_a_bug_tells_nothing_of_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(kit, "cut", broken)
    client = Client(raise_request_exception=False, headers=world.member.headers)
    answer = client.get("/api/v1/projects")
    assert answer.status_code == 500 and b"secret" not in answer.content
    assert answer.json()["code"] == "internal_error"
    check_problem(answer)


def test_refusals_speak_the_callers_language(world: World) -> None:
    plain = world.member.get("projects/00000000-0000-4000-8000-000000000000").json()
    assert plain["detail"] == "There is no such project."
    assert world.member.get("projects", headers={"Accept-Language": "zh-hans"}).status_code == 200


def test_a_body_without_a_length(world: World) -> None:
    """A chunked body has no Content-Length; it is read all the same."""
    answer = Client(headers=world.member.headers).generic(
        "POST", "/api/v1/keypairs", '{"name": "chunked"}', content_type="application/json", CONTENT_LENGTH=""
    )
    assert answer.status_code in (201, 422)


# --- paging -----------------------------------------------------------------------------------------------------------


def fill(api: Api, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        assert api.post("keypairs", {"name": f"key {number:02}"}).status_code == 201


def test_pages_stay_true_while_rows_come_and_go(world: World) -> None:
    fill(world.member, 12)
    seen, following, number = [], "keypairs?limit=5", 0
    while following:
        page = world.member.get(following).json()
        assert page["next"] is None or page["next"].startswith("http://testserver/api/v1/keypairs?")
        seen += [row["name"] for row in page["results"]]
        following = page["next"]
        if following:
            fill(world.member, 1, start=50 + number)
            KeyPair.unscoped.filter(name=seen[-1]).delete()
            number += 1
    assert seen == [f"key {number:02}" for number in reversed(range(12))]


def test_rows_of_one_moment(world: World) -> None:
    fill(world.member, 9)
    KeyPair.unscoped.update(created_at=KeyPair.unscoped.first().created_at)
    rows = world.member.all("keypairs?limit=2")
    assert len({row["id"] for row in rows}) == len(rows) == 9


def test_the_size_of_a_page(world: World) -> None:
    fill(world.member, 3)
    assert len(world.member.get("keypairs?limit=2").json()["results"]) == 2
    assert world.member.get("keypairs?limit=3").json()["next"] is None
    assert world.member.get("keypairs?limit=100000").json()["next"] is None

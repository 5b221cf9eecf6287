"""REST v1: whatever is sent, the answer is a refusal that names the field, never a 500, and nothing half-made stays."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.conf import settings

from compute.models.catalog import Flavor, KeyPair
from compute.models.instances import Instance
from console.fleet.models.hosts import Host
from console.identity.models.projects import ApiToken, Membership, Project, Quota
from console.identity.models.users import User
from console.live.asgi import Utf8Only
from console.operations.models.operations import Operation
from networking.models.networks import Port
from storage.models.images import Image
from storage.models.volumes import Volume
from tests import factories
from tests.api.conftest import Api, World

NOTHING = uuid.uuid4()
WATCHED = (
    Instance, Volume, Port, Image, KeyPair, ApiToken, Operation, Host, Flavor, Membership, Project
)  # fmt: skip


def rows() -> list[Any]:
    counts: list[Any] = [model.unscoped.count() for model in WATCHED]
    return [*counts, User.objects.count(), list(Quota.unscoped.values_list("used", "limit").order_by("pk"))]


MILLION = "x" * 1_000_000
HOSTILE: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus": -1,
    "huge": 10**400,
    "fraction": 1.5,
    "infinite": 1e308 * 10,
    "empty": "",
    "spaces": "   ",
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "controls": "a\x1b[2Jb\x07",
    "lines": "a\nb\r\nc",
    "separator": "a\u2028b",
    "unassigned": "a\uffffb",
    "million": MILLION,
    "emoji": "\U0001f600",
    "markup": "<script>alert(1)</script>]]>&amp;<!--",
    "path": "../../../etc/passwd",
    "sql": "'; DROP TABLE compute_instance; --",
    "format": "%s%n{0.__class__}",
    "uuid": str(uuid.uuid4()),
    "number": "5",
    "list": [],
    "object": {},
    "deep": [[[[[[[{"a": [{}]}]]]]]]],
    "list of junk": ["x", None, {"id": 1}],
}

INSTANCE = {"name": "web", "image": "<image>", "flavor": "<flavor>"}
WRITES: list[tuple[str, str, str, dict[str, Any], tuple[str, ...]]] = [
    ("member", "POST", "instances", INSTANCE, ("network", "key_pair", "user_data", "description", "count")),
    ("member", "PATCH", "instances/<instance>", {}, ("name", "description")),
    ("member", "POST", "instances/<instance>/stop", {}, ("force", "timeout")),
    ("member", "POST", "instances/<instance>/reboot", {}, ("hard",)),
    ("member", "POST", "instances/<instance>/console", {"type": "serial"}, ()),
    ("member", "POST", "images", {"name": "i", "format": "raw"},
     ("description", "visibility", "checksum", "size", "min_memory_mib")),
    ("member", "PATCH", "images/<image>", {}, ("name", "description", "visibility", "min_memory_mib")),
    ("member", "POST", "keypairs", {"name": "k"}, ("public_key",)),
    ("member", "POST", "tokens", {"name": "t"}, ("expires_at",)),
    ("admin", "PUT", "members", {"username": "member-one", "role": "member"}, ()),
    ("staff", "POST", "flavors", {"name": "f", "vcpus": 1, "memory_mib": 64, "disk_gib": 1}, ("description",)),
    ("staff", "PATCH", "flavors/<flavor>", {},
     ("name", "vcpus", "memory_mib", "disk_gib", "description", "enabled")),
    ("staff", "POST", "hosts", {"name": "h", "uri": "qemu+tls://h/system"}, ("pool_path",)),
    ("staff", "PATCH", "hosts/<host>", {},
     ("name", "enabled", "vcpu_overcommit", "memory_overcommit", "reserved_memory_mib")),
    ("staff", "POST", "projects", {"name": "p"}, ("description",)),
    ("staff", "PATCH", "projects/<project>", {}, ("name", "description")),
    ("staff", "POST", "users", {"username": "u"}, ("password", "email", "full_name", "is_staff")),
    ("staff", "PATCH", "users/<user>", {}, ("email", "full_name", "is_staff")),
    ("staff", "PATCH", "quotas", {}, ("instances", "vcpus", "ram_mib", "volumes", "gigabytes", "project")),
]  # fmt: skip


@pytest.fixture
def ids(cloud: World) -> dict[str, str]:
    return {
        "<image>": str(cloud.image.pk),
        "<flavor>": str(cloud.flavor.pk),
        "<instance>": str(factories.instance(cloud.project, running=False).pk),
        "<host>": str(Host.unscoped.get().pk),
        "<project>": str(cloud.other.pk),
        "<user>": str(cloud.people["reader"].pk),
    }


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[1]} {write[2]}")
def test_hostile_values_in_every_field(cloud: World, ids: dict[str, str], write: Any) -> None:
    role, method, path, required, optional = write
    api = cloud.clients[role]
    for marker, value in ids.items():
        path = path.replace(marker, value)
    for field in (*required, *optional):
        for what, value in HOSTILE.items():
            body = {name: ids.get(str(text), text) for name, text in required.items()} | {field: value}
            before = rows()
            answer = send(api, method, path, body)
            assert answer.status_code < 500 or answer.status_code == 503, (field, what, answer.content)
            if answer.status_code >= 400:
                assert answer.status_code in (400, 403, 404, 409, 413, 422, 503), (field, what, answer.content)
                assert rows() == before, (field, what)
            if answer.status_code == 422:
                assert set(answer.json()["fields"]) == {field}, (field, what, answer.content)
            if what in ("list", "object", "deep", "list of junk", "nul", "surrogate") and field != "project":
                assert answer.status_code == 422, (field, what, answer.content)


def send(api: Api, method: str, path: str, body: Any) -> Any:
    return api.request(method, path, data=json.dumps(body).replace("Infinity", "1e999"))


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[1]} {write[2]}")
def test_bodies_that_are_none(cloud: World, ids: dict[str, str], write: Any) -> None:
    role, method, path, required, _optional = write
    api = cloud.clients[role]
    for marker, value in ids.items():
        path = path.replace(marker, value)
    before = rows()
    for body in ([], [1], "text", 5, 1.5, True, None):
        answer = send(api, method, path, body)
        assert answer.status_code == 422 and set(answer.json()["fields"]) == {"body"}, body
    for raw in ('{"name": ', "{'a': 1}", '{"a": NaN}', "\ufeff{}", '{"a": ' + "9" * 5000 + "}", "[" * 100_000, "\x00"):
        answer = api.request(method, path, data=raw)
        assert answer.status_code == 400 and answer.json()["code"] == "malformed", raw[:20]
    nested = '{"name": ' + "[" * 900 + "]" * 900 + "}"
    assert api.request(method, path, data=nested).status_code == 400
    assert api.request(method, path, data=b'{"name": "\xff\xfe"}').status_code == 400
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "junk", "a/b;c"):
        answer = api.request(method, path, data="name=x", content_type=kind)
        assert answer.status_code == 415 and answer.json()["code"] == "unsupported_media_type", kind
    unknown = {**required, "\ud800": 1, "__class__": {}, "": [], "nmae": "x" * 1000}
    answer = send(api, method, path, unknown)
    assert answer.status_code == 422 and {"__class__", "", "nmae"} <= set(answer.json()["fields"])
    many = send(api, method, path, {f"field-{number}": number for number in range(50_000)})
    assert many.status_code == 422 and len(many.json()["fields"]) <= 20
    large = api.request(method, path, data=json.dumps({"name": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}))
    assert large.status_code == 413
    assert rows() == before


@pytest.mark.parametrize("charset", ["zlib", "idna", '"rot13"', "utf-16", "nonsense"])
async def test_charsets_never_reach_django(charset: str) -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.extend(scope["headers"])

    sent = [(b"content-type", f"multipart/form-data; charset={charset}; boundary=b".encode()), (b"x", b"; charset=x")]
    await Utf8Only(app)({"headers": sent}, None, None)
    assert seen == [(b"content-type", b"multipart/form-data; boundary=b"), (b"x", b"; charset=x")]


@pytest.mark.parametrize("charset", ["utf-16", "nonsense", "latin-1"])
def test_charsets_change_nothing(cloud: World, charset: str) -> None:
    kind = f"application/json; charset={charset}"
    answer = cloud.member.request("POST", "keypairs?x=%ff%20", data='{"name": "schlüssel"}', content_type=kind)
    assert answer.status_code == 201 and answer.json()["name"] == "schlüssel"
    assert cloud.member.request("GET", "keypairs?name=schl%C3%BCssel", content_type=kind).json()["results"]


@pytest.mark.parametrize("path", ["instances", "images", "operations", "flavors", "keypairs", "hosts", "projects"])
def test_ids_that_are_none(world: World, path: str) -> None:
    for wrong in ("x", "0", "../etc", "%00", "%ff", str(NOTHING)[:-1], str(NOTHING) + "0", "a b"):
        for method in ("GET", "PATCH", "DELETE", "POST"):
            assert world.staff.request(method, f"{path}/{wrong}", {}).status_code == 404
        assert world.staff.post(f"{path}/{wrong}/start").status_code == 404


def test_ids_of_nothing(cloud: World) -> None:
    for path in ("instances", "images", "operations", "flavors", "keypairs", "networks", "hosts", "projects", "users"):
        answer = cloud.staff.get(f"{path}/{NOTHING}")
        assert answer.status_code == 404 and answer.json()["code"].endswith("_not_found"), path
    assert cloud.member.delete(f"instances/{NOTHING}").status_code == 404
    assert cloud.member.post(f"instances/{NOTHING}/start").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "cursor=",
        "cursor=%00",
        "cursor=" + "A" * 5000,
        "cursor=%ff%fe",
        "cursor=MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OSAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA",
        "limit=1e3",
        "limit=-5",
        "limit=" + "9" * 400,
        "limit=٣",
        "name=a&nmae=b",
        "format=xml",
        "%00=1",
        "status=running%00",
    ],
)
def test_queries_that_make_no_sense(cloud: World, query: str) -> None:
    answer = cloud.member.get(f"instances?{query}")
    assert answer.status_code == 422 and answer.json()["fields"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer  ",
        "Bearer a b",
        "Bearer vdk_",
        "Bearer vdk_\xff\xfe",
        "Basic eDp5",
        "Bearer " + "v" * 9000,
        "",
    ],
)
def test_tokens_that_are_none(cloud: World, header: str) -> None:
    answer = Api().get("instances", headers={"Authorization": header})
    assert answer.status_code == 401 and answer.json()["code"] == "unauthenticated"

"""Who gets what from every address: each route x each caller has a stated outcome, and a refusal changes nothing.

A new route that no line of the tables below fits makes the test fail: state what it answers, then add the line.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.architecture.routes import CALLERS, METHODS, Route, Town, everything, routes

OK = "ok"
"""Not turned away: done, shown, or refused for what was sent (409, 415, 422, 503), not for who sent it."""
LOGIN, NO_TOKEN, FORBIDDEN, HIDDEN, NO_METHOD = "login", "401", "403", "404", "405"


def outcomes(words: str) -> dict[str, str]:
    """`anonymous outsider reader member admin staff`."""
    return dict(zip(CALLERS, words.split(), strict=True))


# --- profiles: one outcome for each caller ----------------------------------------------------------------------------

OPEN = outcomes("ok ok ok ok ok ok")
NOWHERE = outcomes("404 404 404 404 404 404")
SIGNED_IN = outcomes("login ok ok ok ok ok")

PAGE_READER = outcomes("login 404 ok ok ok ok")
PAGE_MEMBER = outcomes("login 404 403 ok ok ok")
PAGE_ADMIN = outcomes("login 404 403 403 ok ok")
PAGE_STAFF = outcomes("login 404 403 403 403 ok")
PAGE_OWNER = outcomes("login 404 404 ok 404 404")  # a key pair is its owner's, the member's here
FLEET = outcomes("login 403 403 403 403 ok")

API_ANY = outcomes("401 ok ok ok ok ok")  # the outsider's token opens his own project: lists are his own
API_THING = outcomes("401 404 ok ok ok ok")
API_THING_MEMBER = outcomes("401 404 403 ok ok ok")
API_THING_ADMIN = outcomes("401 404 403 403 ok ok")
API_MAKE = outcomes("401 ok 403 ok ok ok")  # the outsider is an administrator at home
API_MAKE_FROM_OURS = outcomes("401 ok 403 ok ok ok")  # 422: an image of ours is none of his
API_ADMIN = outcomes("401 ok 403 403 ok ok")
API_STAFF = outcomes("401 403 403 403 403 ok")
API_OWNER = outcomes("401 404 404 ok 404 404")
API_OWNER_MEMBER = outcomes("401 404 403 ok 404 404")
API_SELF = outcomes("401 404 ok 403 ok ok")  # a membership: its user may leave, an administrator may remove


@dataclass(frozen=True)
class Line:
    """What the routes of a name (a pattern) answer, by method. A method that is not stated is refused."""

    names: str
    by_method: dict[str, dict[str, str]]
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What to send, by method: enough to get past the form, so that the role is what refuses."""


def reads(names: str, profile: dict[str, str]) -> Line:
    return Line(names, {"GET": profile})


def acts(names: str, profile: dict[str, str], **data: Any) -> Line:
    return Line(names, {"POST": profile}, {"POST": data})


def forms(names: str, profile: dict[str, str], shown: dict[str, str] | None = None, **data: Any) -> Line:
    return Line(names, {"GET": shown or profile, "POST": profile}, {"POST": data})


PAGES = (
    # the first line that fits counts
    Line("healthz", dict.fromkeys(METHODS, OPEN)),
    Line("account_*", {"GET": SIGNED_IN, "POST": SIGNED_IN, "PUT": SIGNED_IN}),
    Line("set_language", {"POST": OPEN}),
    Line("^api/", dict.fromkeys(METHODS, NOWHERE)),
    Line("account", {"GET": SIGNED_IN, "POST": SIGNED_IN}),
    *(reads(name, SIGNED_IN) for name in ("home", "palette", "tasks")),
    # within a project
    reads("project:audit", PAGE_ADMIN),
    acts("project:member-add", PAGE_ADMIN, username="somebody", role="reader"),
    acts("project:member-role", PAGE_ADMIN, role="member"),
    acts("project:member-remove", outcomes("login 404 ok 403 ok ok")),  # the reader's own: one may always leave
    Line("project:quotas", {"GET": PAGE_READER, "POST": PAGE_STAFF}),
    forms("project:token-create", PAGE_READER, name="t"),
    acts("project:token-revoke", PAGE_ADMIN),  # an administrator's token
    forms("project:image-edit", PAGE_MEMBER, shown=PAGE_READER, name="n", visibility="private", min_memory_mib="0"),
    acts("project:instance-rename", PAGE_MEMBER, name="n", description=""),
    acts("project:instance-bulk", PAGE_READER, ids="<instance_id>"),  # each instance refuses for itself
    acts("project:instance-console-ticket", PAGE_MEMBER, type="serial"),
    acts("project:key-pair-delete", PAGE_OWNER),
    *(acts(f"project:{name}", PAGE_MEMBER) for name in (
        "instance-action", "operation-cancel", "operation-retry", "image-delete")),
    Line("project:image-file", {"POST": PAGE_MEMBER, "PUT": PAGE_MEMBER}),
    *(forms(f"project:{name}", PAGE_MEMBER, name="n") for name in (
        "instance-create", "image-create", "key-pair-create", "key-pair-import")),
    *(reads(f"project:{name}", PAGE_READER) for name in (
        "overview", "instances", "instance", "instance-console", "instance-log", "instance-activity",
        "instance-metrics", "images", "image", "networks", "network", "key-pairs", "operations", "operation", "tasks",
        "members", "tokens")),
    # the fleet
    Line("fleet:*", {"GET": FLEET, "POST": FLEET}),
)  # fmt: skip

FLAVOR = {"name": "f", "vcpus": 1, "memory_mib": 64, "disk_gib": 1}
API = (
    Line("api:schema", {"GET": OPEN}),
    Line("api:docs", {"GET": OPEN}),
    Line("api:instances", {"GET": API_ANY, "POST": API_MAKE_FROM_OURS},
         {"POST": {"name": "n", "image": "<image_id>", "flavor": "<flavor_id>"}}),
    Line("api:instance", {"GET": API_THING, "PATCH": API_THING_MEMBER, "DELETE": API_THING_MEMBER},
         {"PATCH": {"name": "n"}}),
    reads("api:instance-console-log", API_THING),
    acts("api:instance-console", API_THING_MEMBER, type="serial"),
    *(acts(f"api:instance-{verb}", API_THING_MEMBER) for verb in ("start", "stop", "reboot")),
    Line("api:images", {"GET": API_ANY, "POST": API_MAKE}, {"POST": {"name": "n", "format": "raw"}}),
    Line("api:image", {"GET": API_THING, "PATCH": API_THING_MEMBER, "DELETE": API_THING_MEMBER},
         {"PATCH": {"name": "n"}}),
    Line("api:image-file", {"PUT": API_THING_MEMBER}, {"PUT": {"": "bytes"}}),
    Line("api:flavors", {"GET": API_ANY, "POST": API_STAFF}, {"POST": FLAVOR}),
    Line("api:flavor", {"GET": API_ANY, "PATCH": API_STAFF, "DELETE": API_STAFF}),  # flavors are everybody's
    Line("api:keypairs", {"GET": API_ANY, "POST": API_MAKE}, {"POST": {"name": "n"}}),
    Line("api:keypair", {"GET": API_OWNER, "DELETE": API_OWNER_MEMBER}),
    reads("api:networks", API_ANY),
    reads("api:network", API_ANY),  # the only network is shared by all
    reads("api:operations", API_ANY),
    reads("api:operation", API_THING),
    acts("api:operation-*", API_THING_MEMBER),
    Line("api:projects", {"GET": API_ANY, "POST": API_STAFF}, {"POST": {"name": "n"}}),
    Line("api:project", {"GET": API_THING, "PATCH": API_STAFF}, {"PATCH": {"name": "n"}}),
    Line("api:members", {"GET": API_ANY, "PUT": API_ADMIN}, {"PUT": {"username": "somebody", "role": "reader"}}),
    Line("api:member", {"GET": API_THING, "DELETE": API_SELF}),
    Line("api:tokens", {"GET": API_ANY, "POST": API_ANY}, {"POST": {"name": "n"}}),
    Line("api:token", {"GET": outcomes("401 404 404 404 ok ok"), "DELETE": API_THING_ADMIN}),  # an administrator's
    Line("api:quotas", {"GET": API_ANY, "PATCH": API_STAFF}, {"PATCH": {"instances": 1}}),
    reads("api:audit-events", API_ADMIN),
    reads("api:audit-event", API_THING_ADMIN),
    *(Line(f"api:{name}", dict.fromkeys(METHODS, API_STAFF), {"POST": {}}) for name in (
        "hosts", "host", "host-enrol", "users", "user", "user-reset-password", "unmanaged-domains",
        "unmanaged-domain", "unmanaged-domain-adopt")),
)  # fmt: skip

SHARED = {"project:network", "api:network", "api:flavor"}
"""Things that every project sees."""

DOORS = {"account_login", "account_logout", "account_inactive", "account_reauthenticate"}
"""allauth's own: it decides by the session, there is nothing of a project behind them."""


def line_for(route: Route) -> Line | None:
    table = API if route.name.startswith("api:") else PAGES
    return next((line for line in table if fnmatch.fnmatchcase(route.name, line.names)), None)


# --- asking -----------------------------------------------------------------------------------------------------------


@contextmanager
def undone() -> Iterator[None]:
    """All that happens inside is taken back, so that every caller finds the same town."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined] # services open durable transactions within
    with block:
        yield
        transaction.set_rollback(True)


class Asker:
    """Sends one request as one caller and words the answer."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.cookies = {name: self._signed_in(name) for name in CALLERS if name != "anonymous"}

    def _signed_in(self, name: str) -> dict[str, str]:
        client = Client()
        client.force_login(self.town.people[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return {key: morsel.value for key, morsel in client.cookies.items()}

    def __call__(self, route: Route, method: str, caller: str, *, home: bool = False) -> str:
        project = self.town.theirs if home else self.town.ours
        path = self.town.path(route, project)
        line = line_for(route)
        data = {name: self._filled(value) for name, value in (line.data.get(method, {}) if line else {}).items()}
        client = Client(raise_request_exception=False)
        if route.name.startswith("api:"):
            return word(self._api(client, path, method, caller, data))
        client.cookies.load(self.cookies.get(caller, {}))
        if method == "POST":
            return word(client.post(path, data))
        return word(client.generic(method, path))

    def _api(self, client: Client, path: str, method: str, caller: str, data: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.town.tokens[caller]}"} if caller != "anonymous" else {}
        if "" in data:
            return client.generic(method, path, "bytes", content_type="application/octet-stream", headers=headers)
        body = "" if method == "GET" else json.dumps(data)
        return client.generic(method, path, body, content_type="application/json", headers=headers)

    def _filled(self, value: Any) -> Any:
        return self.town.values.get(str(value).strip("<>"), value) if str(value).startswith("<") else value


def word(answer: Any) -> str:
    status = answer.status_code
    if status in (301, 302) and "/accounts/login" in answer["Location"]:
        return LOGIN
    if status in (401, 403, 404, 405):
        return str(status)
    return OK if status < 500 or status == 503 else f"{status}!"


@pytest.fixture
def ask(db: None) -> Asker:
    return Asker(Town())


# --- the tests --------------------------------------------------------------------------------------------------------


def test_every_route_has_a_stated_outcome() -> None:
    assert [route.name for route in routes() if route.name not in DOORS and line_for(route) is None] == []


def test_every_line_fits_a_route() -> None:
    used = {id(line_for(route)) for route in routes()}
    assert [line.names for line in (*PAGES, *API) if id(line) not in used] == []


def test_every_caller_gets_what_is_stated(ask: Asker) -> None:
    wrong = []
    before = everything()
    for route in routes():
        line = line_for(route)
        if line is None or route.name in DOORS:
            continue
        for method, stated in line.by_method.items():
            for caller in CALLERS:
                with undone():
                    got = ask(route, method, caller)
                    if got != stated[caller] and not (got == NO_METHOD and stated[caller] == OK):
                        wrong.append(f"{method} {route.name} as {caller}: {got}, not {stated[caller]}")
                    if stated[caller] != OK and everything() != before:
                        wrong.append(f"{method} {route.name} as {caller}: refused, and yet something changed")
    assert not wrong, "\n".join(wrong)


def test_a_method_that_is_not_stated_is_refused(ask: Asker) -> None:
    wrong = []
    before = everything()
    for route in routes():
        line = line_for(route)
        if line is None or route.name in DOORS:
            continue
        for method in set(METHODS) - set(line.by_method):
            with undone():
                got = ask(route, method, "staff")
                if got not in (NO_METHOD, HIDDEN, FORBIDDEN) or everything() != before:
                    wrong.append(f"{method} {route.name} as staff: {got}")
    assert not wrong, "\n".join(wrong)


def test_ids_of_others_lead_nowhere(ask: Asker) -> None:
    """The administrator of the other project, at home there, asks for what is ours."""
    wrong = []
    before = everything()
    for route in routes():
        line = line_for(route)
        if line is None or not route.has_ids or route.name in SHARED or not route.name.startswith(("project:", "api:")):
            continue
        for method, stated in line.by_method.items():
            with undone():
                got = ask(route, method, "outsider", home=True)
                if got != HIDDEN and stated is not API_STAFF:
                    wrong.append(f"{method} {route.name}: {got}, not 404")
                if everything() != before:
                    wrong.append(f"{method} {route.name}: something changed")
    assert not wrong, "\n".join(wrong)


def test_acting_on_many_touches_only_what_one_may(ask: Asker) -> None:
    """A list of ids in a body is as foreign as an id in an address."""
    before = everything()
    bulk = next(route for route in routes() if route.name == "project:instance-bulk")
    for caller, home in (("reader", False), ("outsider", True)):
        with undone():
            assert ask(bulk, "POST", caller, home=home) == OK
            assert everything() == before
    with undone():
        assert ask(bulk, "POST", "member") == OK
        assert everything() != before

"""A project with people of every role, a host, and clients that speak REST v1."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from console.core.scope import Role
from console.identity.models.projects import Project
from console.identity.models.users import User
from console.operations.models.operations import Operation
from tests import factories


class Api:
    """A client with a token. Every answer is checked for what all answers must be."""

    def __init__(self, token: str = "") -> None:
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = Client(raise_request_exception=False)

    def request(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        headers = {**self.headers, **extra.pop("headers", {})}
        data = extra.pop("data", None)
        kind = extra.pop("content_type", "application/json")
        if data is None:
            data = "" if body is None else json.dumps(body)
        url = path if path.startswith(("http", "/")) else f"/api/v1/{path}"
        answer = self.client.generic(method, url, data, content_type=kind, headers=headers, **extra)
        assert answer.status_code in (503, *range(200, 500)), answer.content
        if answer.status_code >= 400:
            check_problem(answer)
        return answer

    def get(self, path: str, **extra: Any) -> Any:
        return self.request("GET", path, **extra)

    def post(self, path: str, body: Any = None, *, key: str = "", **extra: Any) -> Any:
        return self.request("POST", path, body, headers={"Idempotency-Key": key} if key else {}, **extra)

    def put(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.request("PUT", path, body, **extra)

    def patch(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.request("PATCH", path, body, **extra)

    def delete(self, path: str, **extra: Any) -> Any:
        return self.request("DELETE", path, **extra)

    def all(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows, following = [], path
        while following:
            page = self.get(following).json()
            rows += page["results"]
            following = page["next"]
        return rows


def check_problem(answer: Any) -> None:
    """RFC 9457, and what the contract adds: a code, a hint, the request's id."""
    assert answer["Content-Type"].startswith("application/problem+json"), answer.content
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:virtdeck:problem:{problem['code']}"
    for name in ("title", "code", "detail", "hint", "request_id"):
        assert isinstance(problem[name], str) and problem[name], (name, problem)
    assert problem["request_id"] == answer["X-Request-Id"]
    if answer.status_code == 401:
        assert answer["WWW-Authenticate"].startswith("Bearer")


@dataclass
class World:
    """One project with a host, a flavor and an image, and a client for each role; another project beside it."""

    project: Project
    other: Project
    people: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Api] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Api:
        try:
            return self.clients[name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.fixture
def world(db: None) -> World:
    made = World(factories.project("Ours"), factories.project("Theirs"))
    for role in Role:
        made.people[role.value] = factories.member(made.project, role, of_user=factories.user(f"{role.value}-one"))
        made.clients[role.value] = Api(factories.token(made.project, made.people[role.value]))
    made.people["staff"] = factories.user("staff-one", staff=True)
    made.clients["staff"] = Api(factories.token(made.project, made.people["staff"]))
    made.people["outsider"] = factories.member(made.other, Role.ADMIN, of_user=factories.user("outsider-one"))
    made.clients["outsider"] = Api(factories.token(made.other, made.people["outsider"]))
    made.clients["anonymous"] = Api()
    return made


@pytest.fixture
def cloud(world: World) -> World:
    """The world with something to make instances from."""
    factories.host("one")
    world.image = factories.image(world.project)
    world.flavor = factories.flavor("small")
    return world


def run_all() -> None:
    """Run everything that waits."""
    for operation in Operation.unscoped.filter(state__in=("queued", "cancelling")).order_by("created_at"):
        factories.run(operation)

"""The whole product on a host of its own, for all tests of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.bench.lists import silent_address
from tests.stack import Stack, own_stack

stack = pytest.fixture(scope="session")(own_stack)


@pytest.fixture
def well(stack: Stack) -> Iterator[Stack]:
    """A stack in which everything runs, before the test and after it, and no instance is left."""
    _heal(stack)
    yield stack
    _heal(stack)
    _sweep_up(stack)


@pytest.fixture
def guest(well: Stack) -> Iterator[Callable[..., str]]:
    """Makes running instances; they are deleted afterwards."""

    def make(name: str, **more: object) -> str:
        return well.create(name, **more)

    yield make


def _heal(stack: Stack) -> None:
    stack.host.resume()
    stack.host.start()
    for name in ("redis", "web", "worker", "beat", "observer"):
        stack.start(name)
    stack.wait_healthy()
    stack.until(lambda: host_of(stack)["status"] == "up", within=60)


def host_of(stack: Stack) -> dict:
    """The stack's own host, as REST shows it."""
    rows = stack.api.get("/api/v1/hosts").json()["results"]
    return next(row for row in rows if row["name"] == stack.host.name)


def _sweep_up(stack: Stack) -> None:
    left = stack.api.get("/api/v1/instances").json()["results"]
    for instance in left:
        stack.api.delete(f"/api/v1/instances/{instance['id']}")
    stack.until(lambda: not stack.api.get("/api/v1/instances").json()["results"], within=120)


@pytest.fixture
def silent() -> Iterator[Callable[[], str]]:
    """An address whose packets are dropped."""
    with silent_address() as address:
        yield lambda: address

"""Events leave after commit, on a thread of their own: the caller never waits and never fails."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from console.core import bus

pytestmark = pytest.mark.django_db(transaction=True)


class Layer:
    """A channel layer that remembers what it was given, and on which thread."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.threads: set[str] = set()
        self.before: Callable[[], None] = lambda: None

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.threads.add(threading.current_thread().name)
        self.before()
        self.sent.append((group, message))


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Layer]:
    assert bus.flush(10)
    made = Layer()
    monkeypatch.setattr(bus, "get_channel_layer", lambda: made)
    yield made
    made.before = lambda: None
    assert bus.flush(10)


def test_the_project_and_the_fleet_hear_ids_and_nothing_else(layer: Layer) -> None:
    project, thing = uuid.uuid4(), uuid.uuid4()
    bus.publish("instance", thing, project_id=project, created=True)
    assert bus.flush()
    message = {"type": "object.changed", "kind": "instance", "id": str(thing), "created": True, "project": str(project)}
    assert layer.sent == [(bus.project_group(project), message), (bus.FLEET_GROUP, message)]
    bus.publish("host", thing, project_id=None)
    assert bus.flush()
    assert [group for group, _message in layer.sent[2:]] == [bus.FLEET_GROUP]


def test_nothing_leaves_before_the_commit_or_after_a_rollback(layer: Layer) -> None:
    with transaction.atomic():
        bus.publish("instance", uuid.uuid4(), project_id=None)
        assert bus.flush() and layer.sent == []
    assert bus.flush() and len(layer.sent) == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        bus.publish("instance", uuid.uuid4(), project_id=None)
        raise ZeroDivisionError
    assert bus.flush() and len(layer.sent) == 1


def test_the_caller_never_sends_itself(layer: Layer) -> None:
    bus.publish("instance", uuid.uuid4(), project_id=None)
    assert bus.flush()
    assert layer.threads == {"outbox"} and threading.current_thread().name != "outbox"


def test_a_hung_redis_holds_nobody_up(layer: Layer) -> None:
    release, hanging = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        release.wait(20)

    layer.before = hang
    began = time.monotonic()
    for _n in range(200):
        bus.publish("instance", uuid.uuid4(), project_id=None)
    assert time.monotonic() - began < 2
    assert hanging.wait(5)
    assert not bus.flush(0.05)
    layer.before = lambda: None
    release.set()
    assert bus.flush(10)
    assert len(layer.sent) == 200


def test_a_redis_that_is_away_is_survived_and_told_once(layer: Layer, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise ConnectionError("refused")

    layer.before = refuse
    for _n in range(5):
        bus.publish("instance", uuid.uuid4(), project_id=None)
    assert bus.flush(10)
    assert capsys.readouterr().out.count("outbox_failed") <= 1
    layer.before = lambda: None
    bus.publish("instance", uuid.uuid4(), project_id=None)
    assert bus.flush() and len(layer.sent) == 1


def test_an_overfull_outbox_drops_and_never_blocks(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = bus._outbox()
    release = threading.Event()
    layer.before = lambda: release.wait(20) and None
    bus.publish("instance", uuid.uuid4(), project_id=None)
    monkeypatch.setattr(outbox._jobs, "maxsize", 3)
    began = time.monotonic()
    for _n in range(50):
        bus.publish("instance", uuid.uuid4(), project_id=None)
    assert time.monotonic() - began < 2
    release.set()
    monkeypatch.undo()
    deadline = time.monotonic() + 10
    while not outbox._jobs.empty() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert outbox._jobs.empty()


def test_later_runs_after_commit_and_may_fail(layer: Layer) -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("failed")
        raise RuntimeError

    with transaction.atomic():
        bus.later(fail)
        bus.later(lambda: ran.append(threading.current_thread().name))
        assert bus.flush() and ran == []
    assert bus.flush() and ran == ["failed", "outbox"]
    assert asyncio.iscoroutinefunction(layer.group_send)

"""What a socket hears and sees ends where the viewer's rights end."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from compute.services.consoles import Ticket
from console.core.errors import Refusal
from console.identity.models.users import User
from console.identity.services.tokens import token_create, token_revoke
from console.identity.services.users import user_reset_password
from console.live import consoles
from console.live.consumer import LiveConsumer, View, render_all
from tests import factories


class _Layer:
    """A channel layer that only notes who listens to what."""

    def __init__(self) -> None:
        self.joined: set[str] = set()

    async def group_add(self, group: str, _channel: str) -> None:
        self.joined.add(group)

    async def group_discard(self, group: str, _channel: str) -> None:
        self.joined.discard(group)


def _consumer(person: User, project: str, *keys: str) -> tuple[LiveConsumer, _Layer]:
    consumer = LiveConsumer()
    layer = _Layer()
    consumer.scope = {"user": person}
    consumer.channel_layer, consumer.channel_name = layer, "tab"
    consumer.groups_joined = set()
    consumer.view = View(project, keys)

    async def sent(_content: Any) -> None:
        return None

    consumer.send_json = sent  # type: ignore[method-assign]
    return consumer, layer


@pytest.mark.django_db(transaction=True)
def test_samples_of_another_project_are_never_heard() -> None:
    """Not even after the region was answered with nothing, and not any more once the right has ended."""
    theirs = factories.instance(factories.project(), running=False)
    project = factories.project()
    person = factories.member(project)
    key = f"instance.metrics:{theirs.pk}"
    consumer, layer = _consumer(person, project.slug, key)

    async def look_twice() -> None:
        await consumer._render(consumer.view.keys)
        await consumer._render(consumer.view.keys)

    asyncio.run(look_twice())
    assert not {group for group in layer.joined if group.startswith("samples.")}


@pytest.mark.django_db(transaction=True)
def test_samples_of_ones_own_are_heard_until_the_instance_is_gone() -> None:
    project = factories.project()
    own = factories.instance(project, running=False)
    consumer, layer = _consumer(factories.member(project), project.slug, f"instance.metrics:{own.pk}", "tasks.count")
    samples = f"samples.{own.pk.hex}"
    asyncio.run(consumer._render(consumer.view.keys))
    assert samples in layer.joined
    asyncio.run(consumer._render(["tasks.count"]))  # a look at another part of the page changes nothing
    assert samples in layer.joined
    own.delete()
    asyncio.run(consumer._render(consumer.view.keys))
    assert samples not in layer.joined


def _session(person: User) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(person.pk), person.get_session_auth_hash()
    session.create()
    return session


@pytest.mark.django_db
def test_a_new_password_ends_the_sockets_of_old_sessions() -> None:
    person = factories.user()
    session = _session(person)
    assert render_all(person.pk, "", session, "en", [], {})[0] is not None
    user_reset_password(factories.SYSTEM, user_id=person.pk)
    assert render_all(person.pk, "", session, "en", [], {})[0] is None


@pytest.mark.django_db
def test_a_console_ends_with_the_session_that_opened_it() -> None:
    project = factories.project()
    instance = factories.instance(project)
    person = factories.member(project)
    session = _session(person)
    ticket = Ticket(instance.pk, project.pk, person.pk, "serial", str(session.session_key))
    consoles.admit(ticket)
    user_reset_password(factories.SYSTEM, user_id=person.pk)
    with pytest.raises(Refusal):
        consoles.admit(ticket)
    fresh = _session(User.objects.get(pk=person.pk))
    ticket = Ticket(instance.pk, project.pk, person.pk, "serial", str(fresh.session_key))
    consoles.admit(ticket)
    fresh.delete()
    with pytest.raises(Refusal):
        consoles.admit(ticket)


@pytest.mark.django_db
def test_a_console_ends_with_the_token_that_opened_it() -> None:
    project = factories.project()
    instance = factories.instance(project)
    person = factories.member(project)
    token, _secret = token_create(factories.scope(project, person), name="ci")
    ticket = Ticket(instance.pk, project.pk, person.pk, "serial", f"token:{token.pk}")
    consoles.admit(ticket)
    token_revoke(factories.scope(project, person), token_id=token.pk)
    with pytest.raises(Refusal):
        consoles.admit(ticket)


@pytest.mark.django_db(transaction=True)
async def test_a_console_that_fails_while_it_opens_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are 64 places in a process: each one lost would be lost until it ends."""
    ticket = Ticket(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "serial", "token:")
    monkeypatch.setattr(consoles, "ticket_redeem", lambda _secret: ticket)
    monkeypatch.setattr(consoles, "admit", lambda _ticket: (None, None))
    monkeypatch.setattr(consoles, "database_sync_to_async", sync_to_async)

    async def broken(_self: Any) -> Any:
        raise ConnectionResetError("the line broke")

    monkeypatch.setattr(consoles.ConsoleConsumer, "_connect_guest", broken)
    scope = {"type": "websocket", "headers": [], "url_route": {"kwargs": {"ticket": "x"}}}
    before = consoles._open
    communicator = ApplicationCommunicator(consoles.ConsoleConsumer.as_asgi(), scope)
    await communicator.send_input({"type": "websocket.connect"})
    with pytest.raises(ConnectionResetError):
        await communicator.wait()
    assert consoles._open == before

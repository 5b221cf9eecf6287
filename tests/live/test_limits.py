"""Large bodies are for those who are known."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from console.identity.services.tokens import token_create
from console.live.asgi import BodyLimit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/p/any/images/0/file/"


def sent(path: str, *headers: tuple[bytes, bytes]) -> int:
    """The status of a body that is a little too large for all but images; 200 where it goes through."""
    began: list[int] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            began.append(message["status"])

    length = str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1).encode()
    scope = {"type": "http", "path": path, "headers": [(b"content-length", length), *headers]}
    asyncio.run(BodyLimit(app)(scope, None, send))
    return began[0]


def test_a_strangers_large_body_is_refused_before_it_is_stored() -> None:
    assert sent(PATH) == 401
    assert sent(PATH, (b"cookie", b"virtdeck_session=nonsense")) == 401
    assert sent("/api/v1/images/0/file", (b"authorization", b"Bearer vdk_nonsense")) == 401


def test_who_is_signed_in_or_has_a_token_may_send_an_image() -> None:
    project = factories.project()
    person = factories.member(project)
    client = Client()
    client.force_login(person)
    cookie = f"virtdeck_session={client.cookies['virtdeck_session'].value}"
    assert sent(PATH, (b"cookie", cookie.encode())) == 200
    assert sent("/api/v1/images", (b"cookie", cookie.encode())) == 413
    secret = token_create(factories.scope(project, person), name="ci")[1]
    assert sent("/api/v1/images/0/file", (b"authorization", b"Bearer " + secret.encode())) == 200

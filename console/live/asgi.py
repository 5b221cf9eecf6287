"""What stands around the sockets and the uploads: origin, session, language, size of bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.utils import translation

from console.core import ids
from console.core.errors import TooLarge
from console.core.problem import CONTENT_TYPE, problem_body
from console.live.consoles import is_own_origin

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_CHARSET = re.compile(rb';\s*charset=("[^"]*"|[^;]*)', re.IGNORECASE)
_UPLOADS = re.compile(r"^/(api/v1/images/[^/]+/file/?|p/[^/]+/images/[^/]+/file/)$")


class OwnOrigin:
    """Sockets from pages of other sites are refused before they are accepted. No Origin header: not a browser."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        origin = dict(scope["headers"]).get(b"origin", b"").decode("latin-1")
        if origin and not is_own_origin(origin, scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        await self.app(scope, receive, send)


class Language:
    """The viewer's language, as for pages: the cookie, else what the browser asks for."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        chosen = scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME, "")
        asked = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        scope["language"] = _supported(chosen) or next(
            filter(None, (_supported(part.split(";")[0].strip()) for part in asked.split(","))), settings.LANGUAGE_CODE
        )
        await self.app(scope, receive, send)


def _supported(code: str) -> str:
    try:
        return translation.get_supported_language_variant(code) if code else ""
    except LookupError:
        return ""


class Utf8Only:
    """Bodies and addresses are UTF-8, whatever is named: Django would fail on a charset that is no text's (`zlib`)."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [
            (name, _CHARSET.sub(b"", value) if name == b"content-type" else value) for name, value in scope["headers"]
        ]
        await self.app({**scope, "headers": headers}, receive, send)


class BodyLimit:
    """Bodies are bounded before anything is stored: images where images go, a few MiB elsewhere."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        limit = settings.IMAGE_MAX_BYTES if _UPLOADS.match(scope["path"]) else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            await _refuse(send, limit)
            return
        seen = 0
        refused = False

        async def counted() -> dict[str, Any]:
            nonlocal seen, refused
            message: dict[str, Any] = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def guarded(message: dict[str, Any]) -> None:
            if not refused:
                await send(message)

        await self.app(scope, counted, guarded)
        if refused:
            await _refuse(send, limit)


async def _refuse(send: Any, limit: int) -> None:
    refusal = TooLarge(f"The body is larger than {limit} bytes.")
    number = ids.request_id()
    body = problem_body(refusal, SimpleNamespace(request_id=number))
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"x-request-id", number.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})

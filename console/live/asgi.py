"""What stands around the sockets and the uploads: origin, session, language, size of bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import parse_cookie
from django.utils import translation

from console.core import ids
from console.core.errors import Refusal, TooLarge, Unauthenticated
from console.core.problem import CONTENT_TYPE, problem_body
from console.identity.services.scopes import user_of_session
from console.identity.services.tokens import token_scope
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
    """Bodies are bounded before anything is stored: images where images go, a few MiB elsewhere.

    Django keeps a whole body on disk before any view or middleware looks at it; so who sends an image is asked here.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        refusal: Refusal = Unauthenticated("A large body is taken from those only who are logged in or have a token.")
        uploads = bool(_UPLOADS.match(scope["path"]))
        if not uploads or await database_sync_to_async(_is_known)(dict(scope["headers"])):
            limit = settings.IMAGE_MAX_BYTES if uploads else limit
            refusal = TooLarge(f"The body is larger than {limit} bytes.")
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            await _refuse(send, refusal)
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
            await _refuse(send, refusal)


def _is_known(headers: dict[bytes, bytes]) -> bool:
    """Whether a token or a session that is good comes with the request."""
    kind, _space, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        try:
            token_scope(secret.strip(), request_id="")
        except Unauthenticated:
            return False
        return True
    session = parse_cookie(headers.get(b"cookie", b"").decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return bool(session) and user_of_session(session) is not None


async def _refuse(send: Any, refusal: Refusal) -> None:
    number = ids.request_id()
    body = problem_body(refusal, SimpleNamespace(request_id=number))
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"x-request-id", number.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})

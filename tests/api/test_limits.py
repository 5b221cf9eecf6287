"""What stands before Django: bodies that are too large are refused before they are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings

from console.live import asgi
from console.live.asgi import BodyLimit


async def sent(path: str, chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """What comes back for a body of these chunks from an application that reads it all."""
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    async def reader(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    await BodyLimit(reader)({"path": path, "headers": headers}, receive, send)
    return answers


@pytest.mark.django_db
async def test_bodies_are_bounded_with_and_without_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_is_known", lambda _headers: True)  # see tests/live/test_limits.py for who is not
    half = b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2 + 1)
    length = [(b"content-length", str(2 * len(half)).encode())]
    for headers in ([], length):
        start, body = await sent("/api/v1/instances", [half, half], headers)
        assert start["status"] == 413 and dict(start["headers"])[b"content-type"] == b"application/problem+json"
        problem = json.loads(body["body"])
        assert problem["code"] == "too_large" and problem["hint"] and problem["detail"]
        assert problem["request_id"].encode() == dict(start["headers"])[b"x-request-id"]
    for path in ("/api/v1/images/x/file", "/api/v1/images/x/file/", "/p/demo/images/x/file/"):
        (start,) = await sent(path, [half, half], length)
        assert start["status"] == 200

"""Whether news can arrive: Redis is asked again and again, once a process for all of its sockets.

The channel layer waits in silence while Redis is away and resumes by itself; a page must not look live meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

EVERY_SECONDS = 1.0


class Listener(Protocol):
    async def news_flow(self, flows: bool) -> None:
        """Take notice that news stopped or flows again."""


class Watch:
    """The sockets of a process and what they were last told."""

    def __init__(self) -> None:
        self.flows = True
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener) -> None:
        """Tell this listener of changes from now on."""
        self._listeners.add(listener)
        if self._task is None or self._task.done() or self._task.get_loop() is not asyncio.get_running_loop():
            self._task = asyncio.create_task(self._run())

    def leave(self, listener: Listener) -> None:
        """Tell it no more; with the last one the asking ends."""
        self._listeners.discard(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
        try:
            while True:
                flows = await _answers(client)
                if flows != self.flows:
                    self.flows = flows
                    told = [listener.news_flow(flows) for listener in tuple(self._listeners)]
                    await asyncio.gather(*told, return_exceptions=True)
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            await client.aclose()


async def _answers(client: redis.asyncio.Redis) -> bool:
    try:
        await client.ping()
    except (RedisError, OSError):
        return False
    return True


watch = Watch()

"""One socket per tab: thin events come in, regions rendered in the viewer's own scope go out."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import structlog
from channels.db import DatabaseSyncToAsync
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.utils import translation
from redis.exceptions import RedisError

from console.core import regions
from console.core.bus import FLEET_GROUP, project_group, sample_group
from console.core.errors import Refusal
from console.core.scope import Scope
from console.identity.services.scopes import is_signed_in, page_scope
from console.live.toasts import toasts_for
from console.live.watch import watch

log = structlog.get_logger(__name__)

COALESCE_SECONDS = 0.02
REFRESH_SECONDS = 30.0
REFRESH_WITHOUT_NEWS_SECONDS = 3.0
"""While Redis is away no event arrives: looking more often stands in for them."""
MOST_REGIONS = 600
SAMPLES = "instance.metrics"

_renderers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="regions")


@dataclass(slots=True)
class View:
    """What one tab shows."""

    project: str = ""
    keys: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()
    seen: dict[str, str] = field(default_factory=dict)
    """Region key -> digest of the HTML that was last sent."""
    visible: set[str] = field(default_factory=set)
    """The regions that the viewer could see when they were last looked at."""


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Follows what one tab shows. Every render selects again with a scope built afresh: rights that end take effect."""

    async def connect(self) -> None:
        user = self.scope["user"]
        self.view = View()
        self.groups_joined: set[str] = set()
        self.changes: dict[tuple[str, str], dict[str, Any]] = {}
        self.flusher: asyncio.Task[None] | None = None
        self.refresher: asyncio.Task[None] | None = None
        await self.accept()
        if not user.is_authenticated:
            await self.close(4401)
            return
        self.refresher = asyncio.create_task(self._refresh_now_and_then())
        watch.join(self)
        if not watch.flows:
            await self.news_flow(False)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels passes it
        watch.leave(self)
        for task in (self.flusher, self.refresher):
            if task is not None:
                task.cancel()
        for group in self.groups_joined:
            with contextlib.suppress(Exception):  # Redis may be away; the layer forgets the channel by itself
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **_kwargs: Any) -> None:
        if not isinstance(content, dict) or content.get("type") != "subscribe":
            return
        keys = [key for key in _texts(content.get("regions")) if regions.find(key)]
        lists = _texts(content.get("lists"))
        project = content.get("project")
        self.view = View(project if isinstance(project, str) else "", tuple(keys[:MOST_REGIONS]), frozenset(lists[:20]))
        await self._render(self.view.keys)

    async def object_changed(self, message: dict[str, Any]) -> None:
        """A thin event: wait a moment for more of them, then render what they touch."""
        known = self.changes.get((message["kind"], message["id"]))
        self.changes[(message["kind"], message["id"])] = known if known and known["created"] else message
        if self.flusher is None or self.flusher.done():
            self.flusher = asyncio.create_task(self._flush_soon())

    async def sample_point(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "sample", "region": f"{SAMPLES}:{message['id']}", "point": message["point"]})

    async def _flush_soon(self) -> None:
        await asyncio.sleep(COALESCE_SECONDS)
        while self.changes:
            changes, self.changes = self.changes, {}
            touched = [key for key in self.view.keys if any(regions.touched(key, *change) for change in changes)]
            await self._render(touched, changes)

    async def _refresh_now_and_then(self) -> None:
        """Level-triggered: whatever an event failed to tell is told by the next look."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS if watch.flows else REFRESH_WITHOUT_NEWS_SECONDS)
            await self.send_json({"type": "ping"})
            try:
                await self._render(self.view.keys)
            except DatabaseError as error:
                log.warning("refresh_failed", error=repr(error))  # the next look makes up for it

    async def news_flow(self, flows: bool) -> None:
        """Tell the page that events stopped or flow again, and bring it up to date by looking."""
        await self.send_json({"type": "news", "flows": flows})
        if self.refresher is not None:
            self.refresher.cancel()
        self.refresher = asyncio.create_task(self._refresh_now_and_then())
        if flows:
            self.groups_joined = set()
        await self._render(self.view.keys)

    async def _render(self, keys: Any, changes: dict[tuple[str, str], dict[str, Any]] | None = None) -> None:
        view = self.view
        try:
            scope, items, toasts = await _in_renderer(render_all)(
                self.scope["user"].pk,
                view.project,
                self.scope.get("session"),
                self.scope.get("language", "en"),
                list(keys),
                changes or {},
            )
        except Refusal:
            await self.close(4403)
            return
        if scope is None:
            await self.close(4401)
            return
        if view is not self.view:
            return
        await self._follow(scope, items)
        fresh = [item for item in items if self._is_news(view, item)]
        if fresh:
            await self.send_json({"type": "render", "items": fresh})
        for change in (changes or {}).values():
            if change["created"] and change["kind"] in view.lists and _belongs(scope, change):
                await self.send_json({"type": "created", "model": change["kind"], "id": change["id"]})
        for toast in toasts:
            await self.send_json({"type": "toast", **toast})

    def _is_news(self, view: View, item: dict[str, Any]) -> bool:
        digest = hashlib.blake2b((item["html"] or "").encode(), digest_size=16).hexdigest()
        if view.seen.get(item["region"]) == digest:
            return False
        view.seen[item["region"]] = digest
        return True

    async def _follow(self, scope: Scope, items: list[dict[str, Any]]) -> None:
        """Listen to the groups of what is shown, and to no others."""
        wanted = {project_group(scope.project_id) if scope.project_id else FLEET_GROUP}
        if scope.project_id is None and not scope.is_staff:
            wanted = set()
        for item in items:
            (self.view.visible.discard if item["html"] is None else self.view.visible.add)(item["region"])
        for key in self.view.visible:
            name, _, argument = key.partition(":")
            if name == SAMPLES:
                wanted.add(sample_group(uuid.UUID(argument)))
        try:
            for group in wanted - self.groups_joined:
                await self.channel_layer.group_add(group, self.channel_name)
            for group in self.groups_joined - wanted:
                await self.channel_layer.group_discard(group, self.channel_name)
        except (RedisError, OSError):
            return  # Redis is away: the next look tries again
        self.groups_joined = wanted


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _belongs(scope: Scope, change: dict[str, Any]) -> bool:
    return scope.project_id is None or change.get("project") in (None, str(scope.project_id))


def _in_renderer(function: Any) -> Any:
    return DatabaseSyncToAsync(function, thread_sensitive=False, executor=_renderers)


def render_all(
    user_id: uuid.UUID,
    project: str,
    session: Any,
    language: str,
    keys: list[str],
    changes: dict[tuple[str, str], dict[str, Any]],
) -> tuple[Scope | None, list[dict[str, Any]], list[dict[str, Any]]]:
    """Render regions for a user as he stands now. The scope is None once he is signed out or disabled."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    session_key = getattr(session, "session_key", None) or ""
    if user is None or (session_key and not is_signed_in(user, session_key)):
        return None, [], []
    with translation.override(language):
        scope, _project = page_scope(
            user, slug=project or None, fleet=False, request_id="", session=session_key, language=language
        )
        items = [{"region": key, "html": _render_one(scope, key)} for key in keys]
        return scope, items, toasts_for(scope, changes)


def _render_one(scope: Scope, key: str) -> str | None:
    found = regions.find(key)
    if found is None:
        return None
    region, argument = found
    try:
        return region.render(scope, argument)
    except Refusal:
        return None

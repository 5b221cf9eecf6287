"""Consoles in the page: bytes between a socket of the browser and the guest's serial port or VNC server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from compute.models.instances import Instance
from compute.selectors import instance_get
from compute.services.consoles import Ticket, ticket_redeem
from console.core.errors import Forbidden, NotFound, Refusal
from console.core.ids import request_id
from console.core.policies import require_role
from console.core.scope import Role, Scope
from console.fleet.services.connections import connection
from console.identity.models.projects import Project
from console.identity.models.users import User
from console.identity.services.changes import record
from console.identity.services.scopes import is_signed_in, page_scope
from console.virt.errors import VirtError
from console.virt.port import ConsoleStream

log = structlog.get_logger(__name__)

MOST_CONSOLES = 64
CHECK_SECONDS = 15.0
_CHUNK = 64 * 1024

_threads = ThreadPoolExecutor(max_workers=2 * MOST_CONSOLES, thread_name_prefix="console")
_open = 0


class Pipe(Protocol):
    """The guest's end of a console."""

    async def recv(self) -> bytes: ...
    async def send(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


class SerialPipe:
    """A serial port: libvirt's stream, whose calls block, each direction on a thread of its own."""

    def __init__(self, stream: ConsoleStream) -> None:
        self._stream = stream

    async def recv(self) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(_threads, self._stream.recv)

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(_threads, self._stream.send, data)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(_threads, self._stream.close)


class VncPipe:
    """A VNC server: a connected socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def over(cls, connected: socket.socket) -> VncPipe:
        connected.setblocking(False)
        return cls(*await asyncio.open_connection(sock=connected))

    async def recv(self) -> bytes:
        return await self._reader.read(_CHUNK)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class ConsoleConsumer(AsyncWebsocketConsumer):
    """Redeems a ticket and pumps until either end hangs up or the right to be here ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pipe: Pipe | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.counted = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._let_go()  # a socket that failed is told of no disconnection

    async def connect(self) -> None:
        await self.accept("binary" if "binary" in self.scope.get("subprotocols", []) else None)
        try:
            await self._open()
        except Refusal as refusal:
            await self._hang_up(4403, refusal.message)
        except VirtError as error:
            await self._hang_up(4404, error.message)

    async def _open(self) -> None:
        global _open
        ticket = await sync_to_async(ticket_redeem)(self.scope["url_route"]["kwargs"]["ticket"])
        if ticket is None or not self._is_bound(ticket):
            await self._hang_up(4401, "The ticket is unknown, used or too old.")
            return
        if _open >= MOST_CONSOLES:
            await self._hang_up(4429, "Too many consoles are open.")
            return
        _open += 1
        self.counted = True
        self.ticket, self.began = ticket, time.monotonic()
        self.caller, self.instance = await database_sync_to_async(admit)(ticket)
        self.pipe = await self._connect_guest()
        await database_sync_to_async(record)(self.caller, "console.open", target=self.instance, type=ticket.kind)
        self.tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._watch())]

    def _is_bound(self, ticket: Ticket) -> bool:
        """A ticket of a page works in that session only; one of a token needs none. Foreign origins are turned away."""
        origin = dict(self.scope["headers"]).get(b"origin", b"").decode("latin-1")
        if origin and not is_own_origin(origin, self.scope):
            return False
        if ticket.session.startswith("token:"):
            return True
        session = self.scope.get("session")
        return bool(session) and session.session_key == ticket.session

    async def _connect_guest(self) -> Pipe:
        loop = asyncio.get_running_loop()
        host, guest = self.instance.host, str(self.instance.pk)
        hypervisor = await loop.run_in_executor(_threads, connection, host)
        if self.ticket.kind == "vnc":
            return await VncPipe.over(await loop.run_in_executor(_threads, hypervisor.graphics_socket, guest))
        return SerialPipe(await loop.run_in_executor(_threads, hypervisor.console_open, guest))

    async def _pump(self) -> None:
        reason = "The guest closed the console."
        try:
            while self.pipe is not None and (data := await self.pipe.recv()):
                await self.send(bytes_data=data)
        except (VirtError, OSError) as error:
            reason = str(error)
        await self._hang_up(4000, reason)

    async def _watch(self) -> None:
        """Whoever loses the right to the instance loses the console."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await database_sync_to_async(admit)(self.ticket)
            except DatabaseError as error:
                log.warning("console_unchecked", error=repr(error))  # the next look makes up for it
            except Refusal as refusal:
                await self._hang_up(4403, refusal.message)
                return

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        data = bytes_data if bytes_data is not None else (text_data or "").encode()
        if self.pipe is None or not data:
            return
        try:
            await self.pipe.send(data)
        except (VirtError, OSError) as error:
            await self._hang_up(4000, str(error))

    async def _hang_up(self, code: int, reason: str) -> None:
        await self.close(code, reason.encode()[:120].decode(errors="ignore"))

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels passes it
        await self._let_go()

    async def _let_go(self) -> None:
        """Give back all that the console holds; fine at any time."""
        global _open
        if self.counted:
            _open -= 1
            self.counted = False
        for task in self.tasks:
            task.cancel()
        if self.pipe is None:
            return
        pipe, self.pipe = self.pipe, None
        await pipe.close()
        await database_sync_to_async(record)(
            self.caller,
            "console.close",
            target=self.instance,
            type=self.ticket.kind,
            seconds=round(time.monotonic() - self.began),
        )


def is_own_origin(origin: str, scope: dict[str, Any]) -> bool:
    """Whether a page of ours opened the socket: its origin is the public address or the address that was asked."""
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return origin == settings.PUBLIC_URL or (bool(host) and urlsplit(origin).netloc == host)


def admit(ticket: Ticket) -> tuple[Scope, Instance]:
    """The scope and instance of a ticket, as the rights stand now."""
    user = User.objects.filter(pk=ticket.user_id, is_active=True).first()
    project = Project.unscoped.filter(pk=ticket.project_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    if not is_signed_in(user, ticket.session):
        raise Forbidden("The session that opened the console has ended.")
    scope, _project = page_scope(
        user,
        slug=project.slug if project else "",
        fleet=False,
        request_id=request_id(),
        session=ticket.session,
        language="en",
    )
    require_role(scope, Role.MEMBER)
    return scope, instance_get(scope, instance_id=ticket.instance_id)

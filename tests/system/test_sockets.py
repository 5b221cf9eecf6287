"""Consoles and live pages over WebSockets, with real guests behind them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.stack import Stack

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[str]:
    """One guest that has booted, for all tests here."""
    instance_id = stack.create("sockets")
    stack.until(lambda: "ready sockets" in stack.console_log(instance_id), within=60)
    yield instance_id
    stack.delete(instance_id)


def socket_of(stack: Stack, path: str, *, browser: httpx.Client | None = None, origin: str = "") -> ClientConnection:
    """A socket as a page of ours opens it: with its cookies and its origin."""
    headers = {}
    if browser is not None:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return connect(
        stack.url.replace("http", "ws", 1) + path,
        origin=origin or stack.url,
        additional_headers=headers,
        subprotocols=["binary"] if "/console/" in path else None,
        proxy=None,
        open_timeout=10,
    )


def ticket_of(stack: Stack, instance_id: str, kind: str) -> str:
    answer = stack.api.post(f"/api/v1/instances/{instance_id}/console", json={"type": kind})
    assert answer.status_code == 201, answer.text
    return "/ws/" + answer.json()["url"].split("/ws/", 1)[1]


def page_ticket(stack: Stack, browser: httpx.Client, instance_id: str, kind: str) -> str:
    answer = browser.post(
        f"/p/demo/instances/{instance_id}/console-ticket/",
        json={"type": kind},
        headers={"X-CSRFToken": browser.cookies["virtdeck_csrf"], "Referer": stack.url + "/", "Origin": stack.url},
    )
    assert answer.status_code == 200, answer.text[:500]
    return str(answer.json()["url"])


def read_until(socket: ClientConnection, wanted: bytes, *, within: float = 20.0) -> bytes:
    deadline, seen = time.monotonic() + within, b""
    while wanted not in seen:
        data = socket.recv(timeout=max(0.1, deadline - time.monotonic()))
        seen += data if isinstance(data, bytes) else data.encode()
    return seen


def test_the_serial_console_answers(stack: Stack, running: str) -> None:
    with socket_of(stack, ticket_of(stack, running, "serial")) as socket:
        socket.send(b"\n")
        time.sleep(0.5)
        socket.send(b"echo $((6 * 7))-answer\n")
        assert b"42-answer" in read_until(socket, b"42-answer")


def test_the_serial_console_answers_in_the_page_of_a_session(stack: Stack, running: str) -> None:
    browser = stack.signed_in()
    with socket_of(stack, page_ticket(stack, browser, running, "serial"), browser=browser) as socket:
        socket.send(b"\necho $((6 * 8))-page\n")
        read_until(socket, b"48-page")


def test_vnc_shakes_hands(stack: Stack, running: str) -> None:
    with socket_of(stack, ticket_of(stack, running, "vnc")) as socket:
        assert read_until(socket, b"\n").startswith(b"RFB 003.008")


def test_a_ticket_opens_once(stack: Stack, running: str) -> None:
    path = ticket_of(stack, running, "vnc")
    with socket_of(stack, path) as socket:
        read_until(socket, b"RFB")
    refused(lambda: socket_of(stack, path), 4401)


def test_a_foreign_page_is_refused_and_its_try_costs_no_ticket(stack: Stack, running: str) -> None:
    path = ticket_of(stack, running, "vnc")
    with pytest.raises(InvalidStatus) as info:
        socket_of(stack, path, origin="https://evil.example")
    assert info.value.response.status_code == 403
    with socket_of(stack, path) as socket:
        read_until(socket, b"RFB")


def test_a_ticket_of_one_session_is_nothing_in_another(stack: Stack, running: str) -> None:
    mine, other = stack.signed_in(), stack.signed_in()
    path = page_ticket(stack, mine, running, "vnc")
    refused(lambda: socket_of(stack, path, browser=other), 4401)
    path = page_ticket(stack, mine, running, "vnc")
    refused(lambda: socket_of(stack, path), 4401)


def refused(opening: Callable[[], ClientConnection], code: int) -> None:
    with opening() as socket, pytest.raises(ConnectionClosed) as info:
        socket.recv(timeout=10)
    assert info.value.rcvd is not None
    assert info.value.rcvd.code == code


class Live:
    """A page's socket."""

    def __init__(self, stack: Stack, browser: httpx.Client, *regions: str) -> None:
        self._opened = socket_of(stack, "/ws/live/", browser=browser)
        self.socket = self._opened.__enter__()
        self.socket.send(
            json.dumps({"type": "subscribe", "project": "demo", "regions": list(regions), "lists": ["instance"]})
        )

    def close(self) -> None:
        self._opened.__exit__(None, None, None)

    def until(self, condition: Callable[[dict[str, Any]], bool], *, within: float = 15.0) -> dict[str, Any]:
        deadline = time.monotonic() + within
        while True:
            message: dict[str, Any] = json.loads(self.socket.recv(timeout=max(0.1, deadline - time.monotonic())))
            if condition(message):
                return message

    def rendered(self, region: str, text: str, *, within: float = 15.0) -> None:
        """Wait until a region arrives that shows a text."""

        def shows(message: dict[str, Any]) -> bool:
            items = message["items"] if message["type"] == "render" else []
            return any(item["region"] == region and text in (item["html"] or "") for item in items)

        self.until(shows, within=within)


def test_a_guest_stopped_outside_is_pushed_to_the_page(stack: Stack, running: str) -> None:
    browser, region = stack.signed_in(), f"instance.row:{running}"
    live = Live(stack, browser, region)
    live.rendered(region, "running")
    began = time.monotonic()
    stack.host.virsh("suspend", running)
    live.rendered(region, "paused")
    assert time.monotonic() - began < 3
    stack.host.virsh("resume", running)
    live.rendered(region, "running")
    live.close()


def test_a_new_instance_is_announced(stack: Stack, running: str) -> None:
    live = Live(stack, stack.signed_in(), f"instance.row:{running}")
    live.rendered(f"instance.row:{running}", "running")
    operation = stack.begin("announced")
    live.until(lambda message: message["type"] == "created" and message["id"] == operation["target"]["id"])
    live.close()
    stack.succeeded(operation)
    stack.delete(operation["target"]["id"])


def test_a_socket_outlives_redis(stack: Stack, running: str) -> None:
    """Either it stays and tells again what happens, or it closes, so that the page opens another."""
    browser, region = stack.signed_in(), f"instance.row:{running}"
    live = Live(stack, browser, region)
    live.rendered(region, "running")
    stack.redis_stop()
    time.sleep(1)
    stack.redis_start()
    stack.wait_healthy()
    time.sleep(2)
    try:
        stack.host.virsh("suspend", running)
        try:
            live.rendered(region, "paused", within=40)
        except ConnectionClosed:
            live = Live(stack, browser, region)
            live.rendered(region, "paused")
    finally:
        stack.host.virsh("resume", running)
    live.rendered(region, "running", within=40)
    live.close()


def test_nobody_is_served_without_a_session(stack: Stack) -> None:
    with socket_of(stack, "/ws/live/") as socket, pytest.raises(ConnectionClosed) as info:
        socket.recv(timeout=10)
    assert info.value.rcvd is not None
    assert info.value.rcvd.code == 4401

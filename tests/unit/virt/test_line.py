"""Deadlines of calls, and the pool of connections over them."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from console.virt.errors import HostUnavailable
from console.virt.libvirt_driver import pool as pool_module
from console.virt.libvirt_driver.line import DeadlinePassed, Line
from console.virt.libvirt_driver.pool import ConnectionPool


def test_results_and_errors_come_back():
    line = Line("t")
    assert line.run(lambda: 7, seconds=1) == 7
    with pytest.raises(ZeroDivisionError):
        line.run(lambda: 1 / 0, seconds=1)


def test_a_hanging_call_is_left_alone_and_others_go_on():
    line, released = Line("t"), threading.Event()
    with pytest.raises(DeadlinePassed):
        line.run(released.wait, seconds=0.05)
    assert line.run(lambda: "fine", seconds=1) == "fine"
    released.set()


def test_a_call_within_a_call_stays_on_its_thread():
    line = Line("t")
    assert line.run(lambda: line.run(threading.get_ident, seconds=1) == threading.get_ident(), seconds=1)


def test_workers_are_used_again():
    line = Line("t")
    idents = set()
    for _ in range(50):
        idents.add(line.run(threading.get_ident, seconds=1))
        time.sleep(0.001)
    assert len(idents) < 10


class FakeConnections:
    """Stands in for `connect`; counts and fails on demand."""

    def __init__(self) -> None:
        self.made = 0
        self.failing = False

    def __call__(self, uri: str, *, timeout: float):
        self.made += 1
        if self.failing:
            raise HostUnavailable("down")
        return SimpleNamespace(usable=True)


@pytest.fixture
def connections(monkeypatch):
    made = FakeConnections()
    monkeypatch.setattr(pool_module, "connect", made)
    return made


def test_one_connection_for_all(connections):
    pool = ConnectionPool()
    assert pool.get("x:///") is pool.get("x:///")
    assert connections.made == 1


def test_a_broken_connection_is_made_anew(connections):
    pool = ConnectionPool()
    first = pool.get("x:///")
    first.usable = False
    assert pool.get("x:///") is not first


def test_a_host_that_failed_is_left_alone_for_a_while(connections):
    now = 100.0
    pool = ConnectionPool(retry_after=3, clock=lambda: now)
    connections.failing = True
    for _ in range(5):
        with pytest.raises(HostUnavailable):
            pool.get("x:///")
    assert connections.made == 1
    now += 3.1
    # One caller tries again; whoever comes meanwhile is not made to wait with it.
    with pool._slots["x:///"].lock, pytest.raises(HostUnavailable, match="down"):
        pool.get("x:///", timeout=60)
    connections.failing = False
    assert pool.get("x:///").usable

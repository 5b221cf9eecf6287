"""The last minutes of each guest's counters, kept in Redis for live charts. Losing them costs a picture only."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

import redis
import structlog
from django.conf import settings

from console.virt.port import DomainSample

log = structlog.get_logger(__name__)

KEPT = 120
"""Samples a guest: ten minutes at one every five seconds."""
_EXPIRY_SECONDS = 900

Point = dict[str, float]


def client() -> redis.Redis:
    """A Redis client that gives up within a second."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def rates(before: DomainSample, after: DomainSample, *, seconds: float, at: float) -> Point:
    """What happened between two samples: cpu in per cent of all vCPUs, memory in MiB, the rest in bytes a second.

    `t` is when, in seconds since the epoch.
    """

    def per_second(name: str) -> float:
        return max(0.0, float(getattr(after, name) - getattr(before, name)) / seconds)

    cpu = per_second("cpu_time_ns") / 1e9 / max(1, after.vcpus) * 100
    return {
        "t": round(at, 1),
        "cpu": round(min(100.0, cpu), 1),
        "mem": float(after.memory_rss_mib),
        "rd": round(per_second("disk_read_bytes")),
        "wr": round(per_second("disk_write_bytes")),
        "rx": round(per_second("net_rx_bytes")),
        "tx": round(per_second("net_tx_bytes")),
    }


def samples_store(points: Iterable[tuple[uuid.UUID, Point]]) -> None:
    """Append one point to each guest's series, in one round trip."""
    pipeline = client().pipeline(transaction=False)
    for instance_id, point in points:
        key = _key(instance_id)
        pipeline.rpush(key, json.dumps(point))
        pipeline.ltrim(key, -KEPT, -1)
        pipeline.expire(key, _EXPIRY_SECONDS)
    pipeline.execute()


def samples_read(instance_id: uuid.UUID) -> list[Point]:
    """The series of a guest, oldest first; empty when there is none or Redis is away."""
    try:
        raw: Any = client().lrange(_key(instance_id), 0, -1)
    except redis.RedisError as error:
        log.warning("samples_unreadable", error=repr(error))
        return []
    return [json.loads(point) for point in raw]


def _key(instance_id: uuid.UUID) -> str:
    return f"virtdeck:samples:{instance_id.hex}"

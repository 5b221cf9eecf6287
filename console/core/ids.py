"""Ids that people and requests carry."""

from __future__ import annotations

import uuid


def parse_uuid(value: object) -> uuid.UUID | None:
    """Read a UUID with or without dashes; None for anything else."""
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value)) if len(str(value)) <= 40 else None
    except ValueError:
        return None


def known(value: object) -> list[uuid.UUID]:
    """The id as a list of one, for `pk__in`; none for what is no id."""
    found = parse_uuid(value)
    return [] if found is None else [found]


def request_id() -> str:
    """A fresh id for one request, in OpenStack's form."""
    return f"req-{uuid.uuid4()}"

"""Which Virtdeck this is: its id is written into every domain that it makes."""

from __future__ import annotations

import functools
import uuid

from console.identity.models.projects import Setting


@functools.cache
def installation_id() -> str:
    """The id of this installation, minted once."""
    return str(Setting.remembered("installation", str(uuid.uuid4())))


def short_id() -> str:
    """Eight characters of it, for names on hosts."""
    return installation_id()[:8]

"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.fleet.services import installation
from console.virt import fake


@pytest.fixture(autouse=True)
def clean_process() -> Iterator[None]:
    """Nothing that a process remembers may leak from one test into the next."""
    installation.installation_id.cache_clear()
    fake.reset()
    yield
    fake.reset()

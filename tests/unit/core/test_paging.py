"""Edges of pages come from the address: whatever stands there, a page is shown."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import RequestFactory

from compute.models.instances import Instance
from console.core.paging import keyset_page
from console.operations.models.operations import Operation

pytestmark = pytest.mark.django_db


def edge(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("word", ["after", "before"])
@pytest.mark.parametrize(
    "values",
    [
        ["x\x00", "00000000-0000-0000-0000-000000000000"],
        ["\ud800", "00000000-0000-0000-0000-000000000000"],
        [{}, []],
        ["name", 10**40],
        ["name", "1" * 5000],
    ],
)
def test_a_name_that_cannot_be_asked_for(word: str, values: list[Any]) -> None:
    request = RequestFactory().get("/", {word: edge(json.dumps(values))})
    assert keyset_page(request, Instance.unscoped.all(), order=("name", "id")).rows == []


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        json.dumps(["0001-01-01T00:00:00+14:00", "00000000-0000-0000-0000-000000000000"]),
        json.dumps(["9999-12-31T23:59:59-14:00", "00000000-0000-0000-0000-000000000000"]),
        json.dumps(["2026-01-01", "00000000-0000-0000-0000-000000000000"]),
        json.dumps(["2026-01-01T00:00:00", "00000000-0000-0000-0000-000000000000"]),
        json.dumps([1e400, None]),
        json.dumps([None, None]),
    ],
)
def test_a_time_that_cannot_be_asked_for(text: str) -> None:
    request = RequestFactory().get("/", {"after": edge(text)})
    assert keyset_page(request, Operation.unscoped.all()).rows == []


def test_numbers_beyond_the_database() -> None:
    request = RequestFactory().get("/", {"after": edge(json.dumps([10**40, "00000000-0000-0000-0000-000000000000"]))})
    assert keyset_page(request, Instance.unscoped.all(), order=("vcpus", "id")).rows == []

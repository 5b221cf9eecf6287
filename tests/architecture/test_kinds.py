"""Kinds of operations, live regions and addresses: what must be true of each that is registered."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, include, path

from console.core import regions
from console.core.regions import Region
from console.operations.registry import Handler, Step, all_handlers
from tests.architecture.seeds import ROOT, python_files

NAMELESS = {"^api/"}  # whatever leads nowhere under /api/


def bad_handlers(handlers: Iterable[Handler]) -> list[str]:
    """Kinds that a person could not read, or whose journal could not be told apart."""
    found = []
    for handler in handlers:
        names = [step.name for step in handler.steps]
        if not re.fullmatch(r"[a-z]+\.[a-z]+", handler.kind):
            found.append(f"{handler.kind}: not noun.verb")
        if not str(handler.label) or str(handler.label) == handler.kind:
            found.append(f"{handler.kind}: no label")
        if not names or len(set(names)) != len(names):
            found.append(f"{handler.kind}: steps {names}")
        found += [f"{handler.kind}.{step.name}: no label" for step in handler.steps if not str(step.label)]
    return found


def published_kinds(root: Path) -> set[str]:
    """Kinds that some code tells of: the first argument of every `publish(...)`."""
    kinds = set()
    for file in python_files(root):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            if name == "publish" and node.args and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                kinds.add(node.args[0].value)  # type: ignore[attr-defined]
    return kinds


def deaf(known: Iterable[Region], published: set[str]) -> list[str]:
    """Regions that wait for a kind that nobody tells of."""
    return [f"{region.name}: {kind}" for region in known for kind in sorted(region.kinds) if kind not in published]


def nameless(patterns: Iterable[Any], before: str = "") -> list[str]:
    """Addresses that templates could only spell out."""
    found = []
    for pattern in patterns:
        here = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            found += nameless(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern) and not pattern.name and here not in NAMELESS:
            found.append(here)
    return found


def test_every_kind_of_operation_is_in_order() -> None:
    assert len(all_handlers()) >= 9
    assert bad_handlers(all_handlers()) == []


def test_a_kind_that_is_out_of_order_is_caught() -> None:
    step = Step("ready", "Make ready", lambda _context: None)
    assert bad_handlers([Handler(kind="thing.make", label="Make thing", steps=(step,))]) == []
    assert bad_handlers([Handler(kind="thing.make", label="Make thing", steps=(step, step))])
    assert bad_handlers([Handler(kind="thing.make", label="", steps=(step,))])
    assert bad_handlers([Handler(kind="makeThing", label="Make thing", steps=(step,))])
    assert bad_handlers([Handler(kind="thing.make", label="Make thing", steps=(Step("ready", "", step.run),))])
    assert bad_handlers([Handler(kind="thing.make", label="Make thing", steps=())])


def test_every_region_hears_of_what_it_shows() -> None:
    assert deaf(regions._regions.values(), published_kinds(ROOT)) == []


def test_a_deaf_region_is_caught() -> None:
    lonely = Region("lonely", frozenset({"unicorn"}), False, lambda _scope, _argument: None)
    assert deaf([lonely], published_kinds(ROOT)) == ["lonely: unicorn"]


def test_every_address_has_a_name() -> None:
    assert nameless(get_resolver().url_patterns) == []


def test_a_nameless_address_is_caught() -> None:
    inner = [path("x/", lambda _request: HttpResponse()), path("y/", lambda _request: HttpResponse(), name="y")]
    assert nameless([path("in/", include((inner, "in")))]) == ["in/x/"]

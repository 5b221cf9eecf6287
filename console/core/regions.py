"""Live regions: the parts of a page that are rendered again when something changes.

A region's key is `name:argument`, e.g. `instance.row:<uuid>`, or just `name`. An app's `live.py` registers a renderer
that selects within the viewer's scope and answers HTML, or None when the viewer has (no longer) anything to see there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.core.scope import Scope

Renderer = Callable[[Scope, str], str | None]


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    kinds: frozenset[str]
    """The kinds of objects whose change may alter this region."""
    by_id: bool
    """True where only a change of the object named in the key matters."""
    render: Renderer


_regions: dict[str, Region] = {}


def region(name: str, *, kinds: tuple[str, ...], by_id: bool = False) -> Callable[[Renderer], Renderer]:
    """Register a renderer under a name."""

    def register(render: Renderer) -> Renderer:
        _regions[name] = Region(name, frozenset(kinds), by_id, render)
        return render

    return register


def find(key: str) -> tuple[Region, str] | None:
    """The region behind a key and the key's argument; None for a name that nobody registered."""
    name, _, argument = key.partition(":")
    found = _regions.get(name)
    return (found, argument) if found else None


def touched(key: str, kind: str, object_id: str) -> bool:
    """Whether a change of an object may alter the region behind the key."""
    found = find(key)
    if found is None or kind not in found[0].kinds:
        return False
    return not found[0].by_id or found[1] == object_id

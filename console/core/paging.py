"""Keyset pages: as fast on the last page as on the first, and nothing slips through while rows come and go."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import HttpRequest

SIZES = (25, 50, 100)
DEFAULT_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and what `components/pager.html` needs."""

    rows: list[Any]
    pager: dict[str, Any]


def keyset_page(request: HttpRequest, rows: QuerySet[Any], *, order: Sequence[str] = ("-created_at", "-id")) -> Page:
    """The page that the address asks for by `after` or `before`, with `per` rows.

    `order` names one or more columns that together are unique; a leading `-` turns all of them round.
    """
    size = _size(request)
    names = [name.lstrip("-") for name in order]
    falling = order[0].startswith("-")
    back = "before" in request.GET and "after" not in request.GET
    edge = _read(rows, names, request.GET.get("before" if back else "after", ""))
    if edge is not None:
        rows = rows.filter(_beyond(names, edge, below=falling != back))
    backwards = back and edge is not None
    sign = "-" if falling != backwards else ""
    found = list(rows.order_by(*(f"{sign}{name}" for name in names))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before = edge is not None if not backwards else more
    after = more if not backwards else edge is not None
    pager: dict[str, Any] = {
        "sizes": [{"n": n, "url": address(request, per=n, after=None, before=None), "active": n == size} for n in SIZES]
        if before or after or len(found) > SIZES[0]
        else [],
        "previous_url": address(request, before=_write(found[0], names), after=None) if before and found else "",
        "next_url": address(request, after=_write(found[-1], names), before=None) if after and found else "",
    }
    return Page(found, pager if any(pager.values()) else {})


def address(request: HttpRequest, **changes: Any) -> str:
    """The present address with some query parameters changed; None takes one away."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _size(request: HttpRequest) -> int:
    given = request.GET.get("per", "")
    return int(given) if given.isdecimal() and int(given) in SIZES else DEFAULT_SIZE


def _beyond(names: list[str], edge: list[Any], *, below: bool) -> Q:
    """Rows beyond the edge. The first column is bounded by itself, so that an index can be used for it."""
    word = "lt" if below else "gt"
    beyond = Q()
    for number, name in enumerate(names):
        same = {names[other]: edge[other] for other in range(number)}
        beyond |= Q(**same, **{f"{name}__{word}": edge[number]})
    return Q(**{f"{names[0]}__{word}e": edge[0]}) & beyond


def _write(row: Any, names: list[str]) -> str:
    text = json.dumps([getattr(row, name) for name in names], cls=_Exactly)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(rows: QuerySet[Any], names: list[str], text: str) -> list[Any] | None:
    """The edge out of an address; None for one that makes no sense: the first page is shown then."""
    if not text:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(names):
            return None
        fields = [rows.model._meta.get_field(name) for name in names]
        return [_usable(field.to_python(value)) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
        return None


def _usable(value: Any) -> Any:
    """The value, if the database can be asked for it; ValueError or OverflowError otherwise."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC)
    if value is None or isinstance(value, datetime.datetime) or "\x00" in str(value):
        raise ValueError
    str(value).encode()  # lone surrogates
    return value


class _Exactly(DjangoJSONEncoder):
    """Django's encoder cuts times to milliseconds; an edge needs them whole."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)

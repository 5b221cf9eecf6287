"""Lists of REST v1: filters that refuse what they do not know, and pages that stay true while rows come and go."""

from __future__ import annotations

import base64
import datetime
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from console.core.errors import Invalid
from console.core.ids import parse_uuid

PAGE = 50
LARGEST_PAGE = 200
RESERVED = frozenset({"limit", "cursor", "all_projects"})


@dataclass(frozen=True, slots=True)
class Filter:
    """How one query parameter narrows a list; `schema` tells the same to OpenAPI."""

    apply: Callable[[QuerySet[Any], str, str], QuerySet[Any]]
    """Takes the rows, the parameter's name and its text."""
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})


def exactly(column: str) -> Filter:
    """A filter by equality of text."""
    return Filter(lambda rows, _name, text: rows.filter(**{column: text}))


def by_id(column: str) -> Filter:
    """A filter by an id."""

    def apply(rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = parse_uuid(text)
        if wanted is None:
            raise Invalid.field(name, _("This must be a UUID."))
        return rows.filter(**{column: wanted})

    return Filter(apply, {"type": "string", "format": "uuid"})


def one_of(
    choices: Iterable[str], narrow: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None, *, column: str = ""
) -> Filter:
    """A filter by one of a few words: by equality of a column, or as `narrow` says."""
    words = sorted(str(choice) for choice in choices)

    def apply(rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        if text not in words:
            raise Invalid.field(name, _("The choices are %(choices)s.") % {"choices": ", ".join(words)})
        return narrow(rows, text) if narrow else rows.filter(**{column: text})

    return Filter(apply, {"type": "string", "enum": words})


def yes_or_no(column: str) -> Filter:
    """A filter by a flag."""
    words = {"true": True, "1": True, "false": False, "0": False}
    return one_of(words, lambda rows, text: rows.filter(**{column: words[text]}))


def narrowed(request: Request, rows: QuerySet[Any], filters: Mapping[str, Filter]) -> QuerySet[Any]:
    """The rows that the query asks for. A parameter that is not known is refused: it may be a typing error."""
    unknown = sorted(set(request.query_params) - set(filters) - RESERVED)
    if unknown:
        raise Invalid(
            _("Unknown filter: %(name)s.") % {"name": unknown[0]},
            fields={name: [_("Unknown filter.")] for name in unknown[:20]},
            hint=_("The filters here are %(names)s.") % {"names": ", ".join(sorted({*filters, *RESERVED}))},
        )
    for name, narrow in filters.items():
        text = request.query_params.get(name)
        if text is None:
            continue
        if "\x00" in text:
            raise Invalid.field(name, _("This must not contain NUL."))
        rows = narrow.apply(rows, name, text)
    return rows


def cut(request: Request, rows: QuerySet[Any], *, moment: str) -> tuple[list[Any], str | None]:
    """One page, newest first, and the address of the next. Rows that come or go meanwhile shift nothing.

    `moment` is the column of the time that orders them; the id decides between equals.
    """
    size = _page_size(request)
    if (cursor := request.query_params.get("cursor")) is not None:
        time, row_id = _decode(cursor)
        earlier = Q(**{f"{moment}__lt": time}) | Q(pk__lt=row_id)
        rows = rows.filter(earlier, **{f"{moment}__lte": time})
    found = list(rows.order_by(f"-{moment}", "-pk")[: size + 1])
    if len(found) <= size:
        return found, None
    page = found[:size]
    mark = _encode(getattr(page[-1], moment), page[-1].pk)
    return page, str(replace_query_param(request.build_absolute_uri(), "cursor", mark))


def _page_size(request: Request) -> int:
    text = request.query_params.get("limit", str(PAGE))
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise Invalid.field("limit", _("This must be a whole number from 1 to %(most)d.") % {"most": LARGEST_PAGE})
    return min(int(text), LARGEST_PAGE)


def _encode(time: datetime.datetime, row_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(f"{time.isoformat()} {row_id.hex}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime.datetime, uuid.UUID]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        time, row_id = base64.urlsafe_b64decode(padded).decode("ascii").split(" ")
        moment = datetime.datetime.fromisoformat(time)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(datetime.UTC), uuid.UUID(row_id)
    except (ValueError, OverflowError) as error:
        raise Invalid.field("cursor", _("This is not a cursor of ours; take the address under “next”.")) from error

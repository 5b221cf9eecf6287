"""How REST v1 reads bodies: JSON that cannot hurt, and plain streams."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser

from console.core.errors import TooLarge

_DEEPEST = 32


class JsonParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8 whatever the charset says, no NaN, bounded in size and depth."""

    media_type = "application/json"

    def parse(self, stream: Any, _media_type: str | None = None, _context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge(_("The body is larger than %(limit)d bytes.") % {"limit": limit})
        try:
            value = json.loads(raw.decode(), parse_constant=_refuse_constant)
        except ValueError as error:
            raise ParseError(_("The body is not JSON: %(error)s.") % {"error": error}) from error
        except RecursionError as error:
            raise _too_deep() from error
        _check_depth(value)
        return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _too_deep() -> ParseError:
    return ParseError(_("The body is nested deeper than %(limit)d levels.") % {"limit": _DEEPEST})


def _check_depth(value: Any) -> None:
    level = [value]
    for _depth in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise _too_deep()


class StreamParser(BaseParser):
    """A body of bytes, left where it is: the view reads it piece by piece."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, _media_type: str | None = None, _context: Any = None) -> Any:
        return stream


class JsonOnly(BaseContentNegotiation):
    """Every answer is JSON, whatever was asked for: an error that cannot be shown helps nobody."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, _request: Any, renderers: Any, _suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type

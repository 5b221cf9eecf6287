"""Rules for text that people send and that must survive intact to a guest, a file or a page."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.utils.translation import gettext as _

from console.core.errors import Invalid

NAME_LENGTH = 128
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean_name(value: Any, *, field: str = "name", limit: int = NAME_LENGTH) -> str:
    """A name of 1 to `limit` printable characters on one line, trimmed. Any script, emoji and `<` are fine."""
    if not isinstance(value, str):
        raise Invalid.field(field, _("This must be text."))
    text = unicodedata.normalize("NFC", value.strip())
    if not text:
        raise Invalid.field(field, _("This must not be empty."))
    if len(text) > limit:
        raise Invalid.field(field, _("This may have at most %(limit)d characters.") % {"limit": limit})
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp", "Co", "Cn") for char in text):
        raise Invalid.field(field, _("This must not contain control characters or line breaks."))
    return text


def clean_text(value: Any, *, field: str, limit_bytes: int) -> str:
    """Free text of several lines, at most `limit_bytes` of UTF-8, without NUL."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid.field(field, _("This must be text."))
    if "\x00" in value or _SURROGATE.search(value):
        raise Invalid.field(field, _("This must not contain NUL or broken characters."))
    if len(value.encode()) > limit_bytes:
        raise Invalid.field(field, _("This may have at most %(limit)d bytes.") % {"limit": limit_bytes})
    return value


def clean_int(value: Any, *, field: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid.field(
            field, _("This must be a whole number from %(low)d to %(high)d.") % {"low": low, "high": high}
        )
    return value

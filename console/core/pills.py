"""Status pills: text, tone and icon, so that colour never speaks alone."""

from __future__ import annotations

from dataclasses import dataclass

from console.core.errors import Text


@dataclass(frozen=True, slots=True)
class Pill:
    """`tone` is one of green, grey, yellow, azure, red, orange, outline; `busy` turns a spinner."""

    label: Text
    tone: str
    icon: str = ""
    title: Text = ""
    busy: bool = False

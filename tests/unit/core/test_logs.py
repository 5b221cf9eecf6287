"""Logs keep no secrets."""

from __future__ import annotations

import sys

from console.core.logs import LONGEST_LINE, CarefulFormatter


def test_tracebacks_are_cut_and_stripped() -> None:
    try:
        raise KeyError("secret vdk_abc-DEF_123 and " + "x" * 5000)
    except KeyError:
        text = CarefulFormatter().formatException(sys.exc_info())
    assert "vdk_" not in text
    assert max(len(line) for line in text.splitlines()) <= LONGEST_LINE

"""How log lines are written, and what never gets into them."""

from __future__ import annotations

import logging
import re

LONGEST_LINE = 300
_SECRETS = re.compile(r"vdk_[\w-]+|-----BEGIN [^-]*PRIVATE KEY-----")


class CarefulFormatter(logging.Formatter):
    """Plain lines. Tracebacks are cut and stripped of secrets: some exceptions quote a template's whole context."""

    def formatException(self, details: object) -> str:
        text = super().formatException(details)  # type: ignore[arg-type]
        return "\n".join(_SECRETS.sub("[secret]", line)[:LONGEST_LINE] for line in text.splitlines())

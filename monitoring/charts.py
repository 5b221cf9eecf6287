"""What the charts of an instance show: `static/src/lib/plot.js` draws them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from console.fleet.services.samples import Point

WINDOW_SECONDS = 600


def charts_of(points: list[Point]) -> list[dict[str, Any]]:
    """Four charts over the same points."""
    shown = [
        ("cpu", _("CPU"), "percent", [("cpu", _("CPU"))], 100),
        ("memory", _("Memory on the host"), "mib", [("mem", _("Memory"))], None),
        ("disk", _("Disk"), "rate", [("rd", _("Read")), ("wr", _("Written"))], None),
        ("network", _("Network"), "rate", [("rx", _("Received")), ("tx", _("Sent"))], None),
    ]
    words = {"now": _("now"), "mean": _("on average"), "peak": _("at most"), "time": _("Time")}
    return [
        {
            "id": f"chart-{key}",
            "title": title,
            "chart": {
                "unit": unit,
                "series": [{"key": name, "label": label} for name, label in series],
                "points": _only(points, [name for name, _label in series]),
                "window": WINDOW_SECONDS,
                "words": words,
                **({"max": most} if most else {}),
            },
        }
        for key, title, unit, series, most in shown
    ]


def _only(points: list[Point], names: list[str]) -> list[Point]:
    return [{"t": point["t"], **{name: point[name] for name in names}} for point in points]

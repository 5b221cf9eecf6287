"""`python -m tests.bench [part ...]`: measure, print a table, write var/bench.json; status 1 for a missed bound."""

from __future__ import annotations

import json
import operator
import os
import sys
from typing import Any

from tests.bench import creating, lists, memory, watching
from tests.stack import ROOT, Stack

BOUNDS = {
    "create_ratio": ("<=", 1.6),
    "create_extra_ms": ("<=", 150),
    "burst_ratio": (">=", 0.8),
    "event_to_dom_p95_ms": ("<=", 150),
    "list_page_ms": ("<=", 60),
    "list_api_ms": ("<=", 60),
    "list_queries": ("<=", 12),
    "list_libvirt_calls": ("<=", 0),
    "list_growth_ratio": ("<=", 1.3),
    "silent_host_ratio": ("<=", 1.1),
    "idle_pss_mb": ("<=", 300),
}
PARTS = {"memory": memory, "creating": creating, "watching": watching, "lists": lists}
_COMPARE = {"<=": operator.le, ">=": operator.ge}


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    figures: dict[str, Any] = {"cpus": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2)}
    with Stack() as stack:
        for name in wanted:
            print(f"measuring: {name} ...", file=sys.stderr, flush=True)
            figures |= PARTS[name].measure(stack)
    figures["load_after"] = round(os.getloadavg()[0], 2)
    figures = {key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()}
    good = _table(figures)
    if wanted == list(PARTS):
        path = ROOT / "var/bench.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"\nwritten: {path.relative_to(ROOT)}")
    return 0 if good else 1


def _table(figures: dict[str, Any]) -> bool:
    good = True
    print(f"{'key':<24}{'measured':>12}   {'must reach':<12}pass")
    for key, (sign, bound) in BOUNDS.items():
        if key not in figures:
            continue
        passed = _COMPARE[sign](figures[key], bound)
        good = good and passed
        print(f"{key:<24}{figures[key]:>12}   {sign + ' ' + str(bound):<12}{'yes' if passed else 'NO'}")
    print()
    for key, value in figures.items():
        if key not in BOUNDS:
            print(f"{key:<24}{value:>12}")
    return good


if __name__ == "__main__":
    sys.exit(main())

"""What the four processes hold while nothing happens, after each of them has worked."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from deploy.local.processes import APPS
from tests.stack import Stack


def measure(stack: Stack) -> dict[str, Any]:
    browser = stack.signed_in()
    instance_id = stack.create("memory")
    for _ in range(5):
        for path in ("/p/demo/", "/p/demo/instances/", f"/p/demo/instances/{instance_id}/"):
            browser.get(path).raise_for_status()
        stack.api.get("/api/v1/instances").raise_for_status()
    stack.delete(instance_id)
    time.sleep(5)
    sizes = {f"pss_{name}_mb": pss_mb(stack, name) for name in APPS}
    return {"idle_pss_mb": sum(sizes.values()), **sizes}


def pss_mb(stack: Stack, name: str) -> float:
    """Proportional set size: shared pages count in parts."""
    text = Path(f"/proc/{stack.pid(name)}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found.group(1)) / 1024

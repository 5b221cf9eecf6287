"""Live regions of charts."""

from __future__ import annotations

from compute.selectors import instance_get
from console.core.regions import region
from console.core.scope import Scope


@region("instance.metrics", kinds=("instance",), by_id=True)
def instance_metrics(scope: Scope, instance_id: str) -> str | None:
    """Lets whoever may see the instance hear its samples. The charts are drawn from those, so nothing is rendered."""
    instance_get(scope, instance_id=instance_id)
    return ""

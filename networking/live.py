"""Live regions of networks."""

from __future__ import annotations

from console.core.ids import known
from console.core.regions import region
from console.core.scope import Scope
from console.identity.selectors import project_get
from networking.selectors import network_list, port_counts
from networking.tables import NetworkTable


@region("network.row", kinds=("network",), by_id=True)
def network_row(scope: Scope, network_id: str) -> str | None:
    """A row of the list; None once the network is gone."""
    network = network_list(scope).filter(pk__in=known(network_id)).first() if scope.project_id else None
    if network is None:
        return None
    slug = project_get(scope, project_id=scope.project_id or "").slug
    return NetworkTable(slug, port_counts(scope)).row_html(network)

"""Live regions of instances, flavors and a project's overview."""

from __future__ import annotations

from django.template.loader import render_to_string

from compute import panels
from compute.selectors import flavor_list, instance_list
from compute.tables import FlavorTable, InstanceTable
from console.core.ids import known
from console.core.regions import region
from console.core.scope import Scope


@region("instance.row", kinds=("instance",), by_id=True)
def instance_row(scope: Scope, instance_id: str) -> str | None:
    """A row of the list; None once the instance is gone."""
    instance = instance_list(scope).filter(pk__in=known(instance_id)).first()
    return InstanceTable(scope).row_html(instance) if instance else None


@region("instance.head", kinds=("instance", "operation"))
def instance_head(scope: Scope, instance_id: str) -> str | None:
    """The head of a detail page. Operations change it too: it tells how far they are."""
    return panels.head_html(scope, instance_id)


@region("instance.overview", kinds=("instance",), by_id=True)
def instance_overview(scope: Scope, instance_id: str) -> str | None:
    return render_to_string("compute/instance/overview_body.html", panels.overview_context(scope, instance_id))


@region("instance.log", kinds=("consolelog", "instance"))
def instance_log(scope: Scope, argument: str) -> str | None:
    """The console log; the argument is `<id>/<lines>`."""
    instance_id, _slash, lines = argument.partition("/")
    wanted = int(lines) if lines in {str(n) for n in panels.LOG_LINES} else panels.LOG_LINES[0]
    return render_to_string("compute/instance/log_body.html", panels.log_context(scope, instance_id, wanted))


@region("instance.console", kinds=("instance",), by_id=True)
def instance_console(scope: Scope, instance_id: str) -> str | None:
    """What stands in place of a console while the guest does not run."""
    return render_to_string("compute/instance/console_absent.html", panels.console_context(scope, instance_id))


@region("instance.activity", kinds=("instance", "operation"))
def instance_activity(scope: Scope, instance_id: str) -> str | None:
    return render_to_string("compute/instance/activity_body.html", panels.activity_context(scope, instance_id))


@region("flavor.row", kinds=("flavor",), by_id=True)
def flavor_row(scope: Scope, flavor_id: str) -> str | None:
    """A row of the staff's list of flavors."""
    flavor = flavor_list(scope).filter(pk__in=known(flavor_id)).first() if scope.is_staff else None
    return FlavorTable().row_html(flavor) if flavor else None


@region("overview.counts", kinds=("instance",))
def overview_counts(scope: Scope, _argument: str) -> str | None:
    if scope.project_id is None:
        return None
    return render_to_string("compute/overview/counts.html", panels.counts_context(scope))


@region("overview.quotas", kinds=("quota",))
def overview_quotas(scope: Scope, _argument: str) -> str | None:
    if scope.project_id is None:
        return None
    return render_to_string("compute/overview/quotas.html", {"quotas": panels.quota_bars(scope)})


@region("overview.recent", kinds=("operation",))
def overview_recent(scope: Scope, _argument: str) -> str | None:
    if scope.project_id is None:
        return None
    return render_to_string("compute/overview/recent.html", panels.recent_context(scope))

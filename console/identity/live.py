"""Live regions of identity pages."""

from __future__ import annotations

from django.template.loader import render_to_string

from console.core.ids import known, parse_uuid
from console.core.regions import region
from console.core.scope import Scope
from console.identity.presenting import quota_bars, quota_rows
from console.identity.selectors import member_list, projects_with_members
from console.identity.tables import MemberTable, ProjectTable


@region("quotas", kinds=("quota",), by_id=True)
def quotas(scope: Scope, project_id: str) -> str | None:
    """The bars of the project that the page shows."""
    if scope.project_id is None or parse_uuid(project_id) != scope.project_id:
        return None
    context = {"bars": quota_bars(quota_rows(scope)), "region": f"quotas:{scope.project_id}"}
    return render_to_string("identity/quota_bars.html", context)


@region("member.row", kinds=("membership",), by_id=True)
def member_row(scope: Scope, membership_id: str) -> str | None:
    found = member_list(scope).filter(pk__in=known(membership_id)).first()
    return MemberTable([], scope=scope).row_html(found) if found else None


@region("project.row", kinds=("project", "membership"))
def project_row(scope: Scope, project_id: str) -> str | None:
    found = projects_with_members(scope).filter(pk__in=known(project_id)).first()
    return ProjectTable([]).row_html(found) if found else None

"""Quotas: reserved and released inside the transaction of the change that needs them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import Invalid, QuotaExceeded
from console.core.scope import Scope
from console.core.validation import clean_int
from console.identity.models.projects import UNLIMITED, Project, Quota, Resource
from console.identity.services.changes import change, guard

_HIGHEST = 2**40


def quota_reserve(project_id: uuid.UUID, amounts: Mapping[str, int]) -> None:
    """Take amounts for a project, all or none. QuotaExceeded names each resource that is short.

    Call it inside a transaction. Each update is conditional, so two callers can never both take the last one; rows are
    taken in the order of their names, so they cannot wait for each other.
    """
    short = [resource for resource in sorted(amounts) if not _take(project_id, resource, amounts[resource])]
    if short:
        raise _exceeded(project_id, amounts, short)
    publish("quota", project_id, project_id=project_id)


def quota_release(project_id: uuid.UUID, amounts: Mapping[str, int]) -> None:
    """Give amounts back. Call it inside the transaction that ends what used them."""
    for resource in sorted(amounts):
        Quota.unscoped.filter(project_id=project_id, resource=resource).update(
            used=Greatest(F("used") - amounts[resource], 0)
        )
    publish("quota", project_id, project_id=project_id)


def _take(project_id: uuid.UUID, resource: str, amount: int) -> bool:
    fits = Q(limit=UNLIMITED) | Q(limit__gte=F("used") + amount)
    rows = Quota.unscoped.filter(project_id=project_id, resource=resource)
    return bool(rows.filter(fits).update(used=F("used") + amount))


def _exceeded(project_id: uuid.UUID, amounts: Mapping[str, int], short: list[str]) -> QuotaExceeded:
    fields = {}
    for quota in Quota.unscoped.filter(project_id=project_id, resource__in=short):
        fields[quota.resource] = [
            _("%(asked)d asked for, %(left)d left of %(limit)d.")
            % {"asked": amounts[quota.resource], "left": quota.left or 0, "limit": quota.limit}
        ]
    names = ", ".join(str(Resource(resource).label) for resource in short)
    return QuotaExceeded(
        _("The project's quota is too small: %(names)s.") % {"names": names},
        hint=_("Delete what is no longer needed, or ask an administrator of the cloud for more."),
        fields=fields,
    )


def quota_set(scope: Scope, *, project_id: uuid.UUID, limits: Mapping[str, int]) -> Project:
    """Set limits of a project (-1: none). A limit below what is used stops new use and takes nothing away."""
    guard(scope, "quota.update", staff=True)
    unknown = set(limits) - set(Resource.values)
    if unknown:
        raise Invalid(
            _("There is no such resource: %(name)s.") % {"name": sorted(unknown)[0]},
            fields={name: [_("Unknown resource.")] for name in sorted(unknown)},
        )
    for resource, limit in limits.items():
        clean_int(limit, field=resource, low=UNLIMITED, high=_HIGHEST)
    with change(scope, "quota.update") as act:
        project: Project = Project.objects.get_within(scope, pk=project_id)
        act.project_id = project.pk
        act.about(project, limits=dict(limits))
        for resource, limit in limits.items():
            Quota.unscoped.filter(project_id=project.pk, resource=resource).update(limit=limit)
        publish("quota", project.pk, project_id=project.pk)
    return project

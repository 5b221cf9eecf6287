"""Quotas hold, whoever asks at the same moment."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from console.core.errors import Forbidden, Invalid, QuotaExceeded
from console.identity.models.projects import Project, Quota, Resource
from console.identity.services.quotas import quota_release, quota_reserve, quota_set
from tests import factories
from tests.unit.threads import at_once


def limit(project: Project, **limits: int) -> None:
    for resource, value in limits.items():
        Quota.unscoped.filter(project=project, resource=resource).update(limit=value)


def used(project: Project) -> dict[str, int]:
    return dict(Quota.unscoped.filter(project=project).values_list("resource", "used"))


def reserve(project: Project, **amounts: int) -> None:
    with transaction.atomic():
        quota_reserve(project.pk, amounts)


@pytest.mark.django_db(transaction=True)
def test_eight_threads_never_exceed_a_quota() -> None:
    project = factories.project()
    limit(project, instances=10, vcpus=100)

    def greedy() -> int:
        got = 0
        for _try in range(5):
            try:
                reserve(project, instances=1, vcpus=4)
            except QuotaExceeded:
                continue
            got += 1
        return got

    got = at_once(*[greedy] * 8)
    assert sum(got) == 10
    assert (used(project)["instances"], used(project)["vcpus"]) == (10, 40)


@pytest.mark.django_db(transaction=True)
def test_takers_and_givers_end_where_they_began() -> None:
    project = factories.project()
    limit(project, instances=3)

    def busy() -> None:
        for _try in range(6):
            try:
                reserve(project, instances=1)
            except QuotaExceeded:
                continue
            with transaction.atomic():
                quota_release(project.pk, {"instances": 1})

    assert at_once(*[busy] * 6) == [None] * 6
    assert used(project)["instances"] == 0


@pytest.mark.django_db
def test_all_or_none_and_each_short_one_is_named() -> None:
    project = factories.project()
    limit(project, instances=1, vcpus=1, ram_mib=-1)
    with pytest.raises(QuotaExceeded) as caught:
        reserve(project, instances=2, vcpus=2, ram_mib=10**9, volumes=1)
    assert set(caught.value.fields) == {"instances", "vcpus"}
    assert set(used(project).values()) == {0}
    reserve(project, ram_mib=10**9)
    assert used(project)["ram_mib"] == 10**9


@pytest.mark.django_db
def test_another_project_is_not_touched() -> None:
    mine, other = factories.project(), factories.project()
    reserve(mine, instances=5)
    assert set(used(other).values()) == {0}


@pytest.mark.django_db
def test_never_below_zero() -> None:
    project = factories.project()
    quota_release(project.pk, {"instances": 3})
    assert used(project)["instances"] == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.unscoped.filter(project=project).update(used=-1)


@pytest.mark.django_db
def test_limits_are_set_by_staff_within_reason() -> None:
    project = factories.project()
    with pytest.raises(Forbidden):
        quota_set(factories.scope(project), project_id=project.pk, limits={"instances": 1})
    for limits, field in (({"instances": -2}, "instances"), ({"unicorns": 1}, "unicorns"), ({"vcpus": True}, "vcpus")):
        with pytest.raises(Invalid) as caught:
            quota_set(factories.SYSTEM, project_id=project.pk, limits=limits)
        assert field in caught.value.fields
    reserve(project, instances=5)
    quota_set(factories.SYSTEM, project_id=project.pk, limits={"instances": 2, "vcpus": -1})
    row = Quota.unscoped.get(project=project, resource=Resource.INSTANCES)
    assert (row.limit, row.used, row.left) == (2, 5, 0)
    with pytest.raises(QuotaExceeded):
        reserve(project, instances=1)

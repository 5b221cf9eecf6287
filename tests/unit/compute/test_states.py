"""The table of statuses, whole: every state of power under every kind of operation."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from compute.models.instances import Instance
from compute.selectors import status_counts, with_status
from compute.states import ABSENT, CAN, IN_MOTION, PILLS, InstanceStatus, derive_status, may, shown_status
from console.fleet.models.hosts import Host
from console.operations.registry import all_handlers
from console.virt.port import Power
from tests import factories

AT_REST = {
    "": "error",
    ABSENT: "missing",
    "running": "running",
    "paused": "paused",
    "shutting_down": "stopping",
    "stopped": "stopped",
    "crashed": "crashed",
    "suspended": "suspended",
    "unknown": "unknown",
}
IN_WORK = {
    "instance.create": "building",
    "instance.start": "starting",
    "instance.stop": "stopping",
    "instance.reboot": "rebooting",
    "instance.delete": "deleting",
    "instance.adopt": None,  # adopting changes nothing that runs
}
POWERS = ["", ABSENT, *(str(power) for power in Power)]


def test_the_table_knows_every_kind_and_power() -> None:
    kinds = {handler.kind for handler in all_handlers() if handler.kind.startswith("instance.")}
    assert kinds == set(IN_WORK)
    assert {power.replace("-", "_").replace(" ", "_") for power in POWERS} == set(AT_REST)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("kind", ["", *IN_WORK])
@pytest.mark.parametrize("failed", [False, True])
def test_every_status(power: str, kind: str, failed: bool) -> None:
    status = derive_status(operation_kind=kind, observed=power, failed=failed)
    rest = "error" if failed else AT_REST[power.replace("-", "_").replace(" ", "_")]
    assert status == (IN_WORK.get(kind) or rest)


@pytest.mark.parametrize("status", InstanceStatus)
def test_what_is_stale_is_never_shown_as_known(status: InstanceStatus) -> None:
    assert shown_status(status, host_ok=True) == status
    stale = shown_status(status, host_ok=False)
    assert stale == (status if status in IN_MOTION or status == "error" else "unknown")
    assert PILLS[status].label and PILLS[status].tone
    assert may("delete", status)
    for act, where in CAN.items():
        assert may(act, status) == (status in where)


def test_no_act_makes_sense_on_what_is_not_known() -> None:
    for act in CAN:
        for status in ("unknown", "missing", "error", "deleting", "building"):
            assert not may(act, InstanceStatus(status))


@pytest.mark.django_db
@pytest.mark.parametrize("host_ok", [True, False])
def test_sql_and_python_show_the_same(host_ok: bool) -> None:
    project = factories.project()
    instance = factories.instance(project)
    if not host_ok:
        Host.unscoped.update(last_seen=timezone.now() - datetime.timedelta(minutes=5))
    scope = factories.scope(project)
    for status in InstanceStatus:
        Instance.unscoped.filter(pk=instance.pk).update(status=status)
        shown = Instance.unscoped.select_related("host").get(pk=instance.pk).shown
        assert status_counts(scope) == {shown: 1}
        for asked in InstanceStatus:
            assert with_status(Instance.objects.within(scope), asked).exists() == (asked == shown)

"""What is tried again, and what is deleted while something else goes on: nothing is overrun, nothing hangs."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from compute.models.instances import Instance
from compute.services import observing
from compute.services.instances import instance_delete, instance_stop
from console.core.errors import Busy, NoCapacity
from console.fleet.models.hosts import Host
from console.operations.models.operations import Operation
from console.operations.services import operations as services
from console.operations.services.operations import active_on, operation_cancel, operation_retry
from console.virt.errors import Refused
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_stop_that_is_tried_again_asks_the_guest_again() -> None:
    """The time to shut down begins anew: the plug is not pulled at once because last week's is over."""
    project = factories.project()
    instance = factories.instance(project)
    fake = factories.fake_of(instance.host)
    fake.fail_next("domain_shutdown", Refused("not now"))
    scope = factories.scope(project)
    operation = factories.run(instance_stop(scope, instance_id=instance.pk, timeout=60))
    assert operation.state == "failed"
    past = timezone.now() - datetime.timedelta(days=7)
    Operation.unscoped.filter(pk=operation.pk).update(params={**operation.params, "deadline": past.isoformat()})

    operation_retry(scope, operation_id=operation.pk)
    instance.refresh_from_db()
    assert instance.status == "stopping"
    factories.run(operation)
    assert "domain_destroy" not in fake.calls


def test_a_create_that_is_tried_again_does_not_overrun_its_host() -> None:
    project = factories.project()
    host = factories.host()
    factories.fake_of(host).fail_next("domain_start", Refused("no luck"))
    instance = factories.instance(project, running=False)
    operation = factories.run(active_on("instance", instance.pk))
    assert operation.state == "failed"
    host.refresh_from_db()
    full = Host.unscoped.filter(pk=host.pk)
    full.update(used_memory_mib=host.memory_capacity_mib)
    with pytest.raises(NoCapacity):
        operation_retry(factories.scope(project), operation_id=operation.pk)
    operation.refresh_from_db()
    instance.refresh_from_db()
    assert (operation.state, instance.status, instance.charged) == ("failed", "error", False)
    full.update(used_memory_mib=0)
    operation_retry(factories.scope(project), operation_id=operation.pk)
    assert factories.run(operation).state == "succeeded"


def test_a_deletion_that_was_waited_for_and_failed_is_no_longer_under_way() -> None:
    project = factories.project()
    instance = factories.instance(project)
    scope = factories.scope(project)
    stop = instance_stop(scope, instance_id=instance.pk)
    instance_delete(scope, instance_id=instance.pk)
    factories.fake_of(instance.host).fail_next("domain_destroy", Refused("not mine"))
    factories.run(stop)
    deletion = active_on("instance", instance.pk)
    assert deletion is not None and factories.run(deletion).state == "failed"
    instance.refresh_from_db()
    assert (instance.status, instance.trouble) == ("running", "not mine")

    operation_retry(scope, operation_id=deletion.pk)
    instance.refresh_from_db()
    assert instance.status == "deleting"
    assert factories.run(deletion).state == "succeeded"


def test_what_changed_since_the_observer_read_it_is_kept() -> None:
    """A comparison reads all instances at once; by the time it comes to one, its making may have failed."""
    instance = factories.instance(factories.project(), running=False)
    read_before = Instance.unscoped.get(pk=instance.pk)
    active = active_on("instance", instance.pk)
    assert active is not None
    operation_cancel(factories.SYSTEM, operation_id=active.pk)
    assert factories.run(active).state == "cancelled"
    Instance.unscoped.filter(pk=instance.pk).update(observed="running")
    read_before.observed = "running"
    observing._observe(read_before, None)
    instance.refresh_from_db()
    assert instance.status == "error"


def test_an_operation_cannot_end_while_its_instance_is_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the observer would write `stopping` over the `stopped` that the end has just written."""
    instance = factories.instance(factories.project())
    locked = []

    def looked(kind: str, target_id: object, *, lock: bool = False) -> Operation | None:
        locked.append(lock)
        return active_on(kind, target_id, lock=lock)  # type: ignore[arg-type]

    monkeypatch.setattr(observing, "active_on", looked)
    observing._observe(Instance.unscoped.get(pk=instance.pk), None)
    assert locked == [True]


def test_two_who_retry_at_the_same_moment_begin_it_once() -> None:
    project = factories.project()
    factories.fake_of(factories.host()).fail_next("domain_start", Refused("no luck"))
    instance = factories.instance(project, running=False)
    operation = factories.run(active_on("instance", instance.pk))
    also_read = Operation.unscoped.get(pk=operation.pk)
    operation_retry(factories.scope(project), operation_id=operation.pk)
    with pytest.raises(Busy):
        services._begin_again(also_read)
    instance.host.refresh_from_db()
    assert instance.host.used_vcpus == 1

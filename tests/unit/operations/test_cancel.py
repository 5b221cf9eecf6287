"""Cancelling, deleting and retrying a create, whatever the moment: all or nothing, and one charge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compute.models.instances import Instance
from compute.services.instances import InstanceSpec, instance_create, instance_delete
from console.core.errors import Conflict, Forbidden, NotFound, QuotaExceeded
from console.core.scope import Role
from console.identity.models.projects import Quota
from console.operations import runner
from console.operations.models.operations import Operation, State
from console.operations.services.operations import active_on, operation_cancel, operation_retry
from console.virt.errors import Refused
from console.virt.fake import FakeHypervisor
from console.virt.port import Power
from networking.models.networks import Port
from storage.models.volumes import Volume
from tests import factories
from tests.unit.operations.conftest import to_the_end

pytestmark = pytest.mark.django_db


class Moments:
    """Does something at the n-th call to the host or line of the journal, as another process would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at = 0
        self.act: Callable[[], Any] = lambda: None
        enter, journal = FakeHypervisor._enter, runner._journal

        def entered(hypervisor: FakeHypervisor, call: str) -> None:
            self.pass_by()
            enter(hypervisor, call)

        def journaled(*args: Any, **kwargs: Any) -> None:
            self.pass_by()
            journal(*args, **kwargs)
            self.pass_by()

        monkeypatch.setattr(FakeHypervisor, "_enter", entered)
        monkeypatch.setattr(runner, "_journal", journaled)

    def pass_by(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.act()


class World:
    """A project with a host, and an instance about to be made."""

    def __init__(self) -> None:
        self.project = factories.project()
        self.host = factories.host()
        self.fake = factories.fake_of(self.host)
        self.scope = factories.scope(self.project)
        self.image = factories.image(self.project)
        self.flavor = factories.flavor()
        (self.instance,), (self.operation,) = instance_create(
            self.scope, InstanceSpec("web", self.image.pk, self.flavor.pk)
        )

    def used(self) -> dict[str, int]:
        return dict(Quota.unscoped.filter(project=self.project).values_list("resource", "used"))

    def assert_free(self) -> None:
        assert self.fake.domain_list() == ()
        assert [v.name for v in self.fake.volume_list("pool") if not v.name.startswith("image-")] == []
        assert set(self.used().values()) == {0}
        self.host.refresh_from_db()
        assert (self.host.used_vcpus, self.host.used_memory_mib) == (0, 0)

    def assert_running_once(self) -> None:
        (domain,) = self.fake.domain_list()
        assert domain.power == Power.RUNNING
        assert self.used() == {"instances": 1, "vcpus": 1, "ram_mib": 128, "volumes": 1, "gigabytes": 1}
        self.host.refresh_from_db()
        assert (self.host.used_vcpus, self.host.used_memory_mib) == (1, 128)


MOMENTS = range(1, 28)
"""All the moments of a create that nobody disturbs."""


def test_the_moments_are_all_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = Moments(monkeypatch)
    world = World()
    moments.count = 0
    to_the_end(world.operation)
    assert moments.count == MOMENTS[-1]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_create_cancelled_at_any_moment_leaves_nothing(moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = Moments(monkeypatch)
    world = World()
    moments.count, moments.at = 0, moment
    moments.act = lambda: operation_cancel(world.scope, operation_id=world.operation.pk)
    ended = to_the_end(world.operation)
    world.instance.refresh_from_db()
    assert moments.count >= moment
    assert ended.state == State.CANCELLED
    assert (world.instance.status, world.instance.failed) == ("error", True)
    world.assert_free()
    assert to_the_end(instance_delete(world.scope, instance_id=world.instance.pk)).state == State.SUCCEEDED
    assert not Instance.unscoped.exists()
    world.assert_free()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_delete_at_any_moment_of_a_create_ends_with_nothing(moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = Moments(monkeypatch)
    world = World()
    moments.count, moments.at = 0, moment
    moments.act = lambda: instance_delete(world.scope, instance_id=world.instance.pk)
    to_the_end(world.operation)
    assert moments.count >= moment
    following = active_on("instance", world.instance.pk)
    assert following is not None and following.kind == "instance.delete"
    assert Instance.unscoped.get().status == "deleting"
    assert to_the_end(following).state == State.SUCCEEDED
    assert not Instance.unscoped.exists() and not Volume.unscoped.exists() and not Port.unscoped.exists()
    world.assert_free()


def test_the_moments_cover_the_whole_create(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = Moments(monkeypatch)
    world = World()
    moments.count = 0
    assert to_the_end(world.operation).state == State.SUCCEEDED
    assert 20 <= moments.count < MOMENTS.stop


def test_a_cancel_after_a_crash_is_taken_up_by_the_next_runner() -> None:
    world = World()
    hold = world.fake.fail_next
    hold("domain_start", Refused("never reached"))
    Operation.unscoped.filter(pk=world.operation.pk).update(state=State.RUNNING, attempt=1, step_number=3)
    operation_cancel(world.scope, operation_id=world.operation.pk)
    assert to_the_end(world.operation).state == State.CANCELLED
    world.assert_free()


def test_a_queued_operation_is_cancelled_without_a_step() -> None:
    world = World()
    cancelled = operation_cancel(world.scope, operation_id=world.operation.pk)
    assert cancelled.state == State.CANCELLING
    before = sum(world.fake.calls.values())
    assert to_the_end(world.operation).state == State.CANCELLED
    assert sum(world.fake.calls.values()) == before
    assert not world.operation.steps.exists()
    world.assert_free()
    with pytest.raises(Conflict) as caught:
        operation_cancel(world.scope, operation_id=world.operation.pk)
    assert caught.value.code == "operation_ended"


def test_a_delete_cannot_be_cancelled() -> None:
    world = World()
    to_the_end(world.operation)
    delete = instance_delete(world.scope, instance_id=world.instance.pk)
    with pytest.raises(Conflict) as caught:
        operation_cancel(world.scope, operation_id=delete.pk)
    assert caught.value.code == "not_cancellable"
    assert to_the_end(delete).state == State.SUCCEEDED
    world.assert_free()


def test_who_may_cancel_and_retry() -> None:
    world = World()
    reader = factories.scope(world.project, role=Role.READER)
    stranger = factories.scope(factories.project())
    for act in (operation_cancel, operation_retry):
        with pytest.raises(Forbidden):
            act(reader, operation_id=world.operation.pk)
        with pytest.raises(NotFound):
            act(stranger, operation_id=world.operation.pk)
    world.operation.refresh_from_db()
    assert world.operation.state == State.QUEUED


def failed_create() -> World:
    world = World()
    world.fake.fail_next("domain_start", Refused("no luck"))
    assert to_the_end(world.operation).state == State.FAILED
    world.assert_free()
    return world


def test_a_retry_charges_once() -> None:
    world = failed_create()
    again = operation_retry(world.scope, operation_id=world.operation.pk)
    assert (again.state, again.error_message) == (State.QUEUED, "")
    assert world.used()["instances"] == 1
    operation_retry(world.scope, operation_id=world.operation.pk)  # it waits: to be told again changes nothing
    assert world.used()["instances"] == 1
    world.instance.refresh_from_db()
    assert (world.instance.status, world.instance.failed) == ("building", False)
    assert to_the_end(world.operation).state == State.SUCCEEDED
    world.assert_running_once()
    with pytest.raises(Conflict):
        operation_retry(world.scope, operation_id=world.operation.pk)


def test_a_retry_that_fails_again_gives_back_again() -> None:
    world = failed_create()
    world.fake.fail_next("domain_start", Refused("still no luck"))
    operation_retry(world.scope, operation_id=world.operation.pk)
    assert to_the_end(world.operation).error_message == "still no luck"
    world.assert_free()


def test_a_retry_beyond_the_quota_changes_nothing() -> None:
    world = failed_create()
    Quota.unscoped.filter(project=world.project, resource="instances").update(limit=0)
    with pytest.raises(QuotaExceeded):
        operation_retry(world.scope, operation_id=world.operation.pk)
    world.operation.refresh_from_db()
    assert (world.operation.state, world.operation.error_message) == (State.FAILED, "no luck")
    world.assert_free()


def test_a_create_whose_instance_was_deleted_cannot_be_retried() -> None:
    world = failed_create()
    to_the_end(instance_delete(world.scope, instance_id=world.instance.pk))
    with pytest.raises(Conflict) as caught:
        operation_retry(world.scope, operation_id=world.operation.pk)
    assert caught.value.code == "target_gone"


def test_a_retry_does_not_overtake_another_operation() -> None:
    world = failed_create()
    instance_delete(world.scope, instance_id=world.instance.pk)
    with pytest.raises(Conflict) as caught:
        operation_retry(world.scope, operation_id=world.operation.pk)
    assert caught.value.code == "busy"
    assert world.used()["instances"] == 0


def test_a_delete_with_an_idempotency_key_still_cancels_what_runs() -> None:
    from dataclasses import replace

    world = World()
    scope = replace(world.scope, idempotency_key="once", fingerprint="f")
    instance_delete(scope, instance_id=world.instance.pk)
    world.operation.refresh_from_db()
    assert world.operation.state == State.CANCELLING

"""Every kind of operation, its runner killed before and after every call to the host and after every step.

Whatever the moment, a second runner must bring the same end: one domain, one set of disks, one charge, or none of each.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from compute.models.instances import Instance
from compute.services.instances import (
    InstanceSpec,
    instance_adopt,
    instance_create,
    instance_delete,
    instance_reboot,
    instance_start,
    instance_stop,
)
from console.fleet.models.hosts import Host, UnmanagedDomain
from console.fleet.probe import GREETING
from console.fleet.services import installation
from console.fleet.services.hosts import host_enrol
from console.identity.models.projects import Quota
from console.operations import runner
from console.operations.models.operations import ACTIVE, Operation
from console.operations.registry import all_handlers
from console.virt import fake
from console.virt.fake import FakeHypervisor
from console.virt.port import DomainFacts, Power
from storage.models.images import Image
from storage.services.images import image_create, image_delete, image_receive
from tests import factories

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process is gone: not even `except Exception` sees this."""


class Reaper:
    """Kills the runner at the n-th moment and keeps it dead until it is revived."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = 0
        self.fatal = 0
        self.dead = False
        self._wrap_port(monkeypatch)
        self._wrap_steps(monkeypatch)

    def pass_by(self) -> None:
        if self.dead:
            raise Killed
        self.moment += 1
        if self.moment == self.fatal:
            self.dead = True
            raise Killed

    def _wrap_port(self, monkeypatch: pytest.MonkeyPatch) -> None:
        enter = FakeHypervisor._enter

        def watched(hypervisor: FakeHypervisor, call: str) -> None:
            self.pass_by()
            enter(hypervisor, call)

        monkeypatch.setattr(FakeHypervisor, "_enter", watched)

    def _wrap_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        journal = runner._journal

        def watched(*args: Any, **kwargs: Any) -> None:
            self.pass_by()
            journal(*args, **kwargs)
            self.pass_by()

        monkeypatch.setattr(runner, "_journal", watched)

    def revive(self) -> None:
        self.dead, self.fatal = False, 0


@pytest.fixture
def reaper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reaper]:
    made = Reaper(monkeypatch)
    yield made
    made.revive()


def to_the_end(operation: Operation) -> Operation:
    """Run, again and again, as the sweep would, until the operation has ended."""
    for _round in range(10):
        past = timezone.now() - datetime.timedelta(seconds=1)
        Operation.unscoped.filter(pk=operation.pk, state__in=ACTIVE).update(not_before=None)
        Operation.unscoped.filter(pk=operation.pk, state__in=ACTIVE).exclude(lease_until=None).update(lease_until=past)
        runner.run(operation.pk)
        operation.refresh_from_db()
        if not operation.is_active:
            return operation
    raise AssertionError(f"{operation} did not end: {operation.state}")


class World:
    """A project with a host, ready for any kind of operation."""

    def __init__(self) -> None:
        self.project = factories.project()
        self.host = factories.host()
        self.fake = factories.fake_of(self.host)
        self.fake.serial_output = GREETING
        self.image = factories.image(self.project)
        self.flavor = factories.flavor()
        self.scope = factories.scope(self.project)

    def used(self) -> set[int]:
        return set(Quota.unscoped.filter(project=self.project, resource="instances").values_list("used", flat=True))

    def files(self) -> list[str]:
        return sorted(volume.name.split("-")[0] for volume in self.fake.volume_list("pool"))

    def powers(self) -> list[str]:
        return [str(domain.power) for domain in self.fake.domain_list()]

    def assert_one_guest(self, power: Power) -> None:
        assert self.powers() == [power]
        assert self.files() == ["config", "console", "image", "volume"]
        assert self.used() == {1}
        assert Instance.unscoped.get().status == str(power)

    def assert_no_guest(self) -> None:
        assert self.powers() == []
        assert self.files() == ["image"]
        assert self.used() == {0}
        self.host.refresh_from_db()
        assert self.host.used_memory_mib == 0


def create(world: World) -> Operation:
    return instance_create(world.scope, InstanceSpec("web", world.image.pk, world.flavor.pk))[1][0]


def start(world: World) -> Operation:
    instance = factories.instance(world.project)
    to_the_end(instance_stop(world.scope, instance_id=instance.pk, force=True))
    return instance_start(world.scope, instance_id=instance.pk)


def stop(world: World) -> Operation:
    return instance_stop(world.scope, instance_id=factories.instance(world.project).pk, force=True)


def reboot(world: World) -> Operation:
    return instance_reboot(world.scope, instance_id=factories.instance(world.project).pk, hard=True)


def delete(world: World) -> Operation:
    return instance_delete(world.scope, instance_id=factories.instance(world.project).pk)


def adopt(world: World) -> Operation:
    facts = DomainFacts("11111111-2222-4333-8444-555555555555", "old", "", Power.RUNNING, "", True, 1, 256, None)
    world.fake.add_foreign_domain(facts)
    row = UnmanagedDomain.unscoped.create(
        host=world.host, uuid=facts.uuid, name="old", power="running", vcpus=1, memory_mib=256
    )
    return instance_adopt(factories.SYSTEM, domain_id=row.pk, project_id=world.project.pk)[1]


def import_image(world: World) -> Operation:
    image = image_create(world.scope, name="second", format="qcow2")
    content = io.BytesIO(factories.qcow2())
    return image_receive(world.scope, image_id=image.pk, chunks=iter(lambda: content.read(4096), b""))[1]


def remove_image(world: World) -> Operation:
    to_the_end(delete(world))
    return image_delete(world.scope, image_id=world.image.pk)


def enrol(world: World) -> Operation:
    return host_enrol(factories.SYSTEM, host_id=world.host.pk)


def check_adopted(world: World) -> None:
    (domain,) = world.fake.domain_list()
    assert domain.owner is not None and domain.owner.project == str(world.project.pk)
    assert world.used() == {1}
    assert Instance.unscoped.get().status == "running"


def check_imported(_world: World) -> None:
    image = Image.unscoped.get(name="second")
    assert image.status == "active" and image.path.exists() and not image.upload_path.exists()


def check_image_removed(world: World) -> None:
    assert not Image.unscoped.exists()
    assert world.files() == []
    assert not world.image.path.exists()


def check_enrolled(world: World) -> None:
    assert world.powers() == []
    assert world.files() == []
    assert Host.unscoped.get().enrolled


KINDS: dict[str, tuple[Callable[[World], Operation], Callable[[World], None]]] = {
    "instance.create": (create, lambda world: world.assert_one_guest(Power.RUNNING)),
    "instance.start": (start, lambda world: world.assert_one_guest(Power.RUNNING)),
    "instance.stop": (stop, lambda world: world.assert_one_guest(Power.STOPPED)),
    "instance.reboot": (reboot, lambda world: world.assert_one_guest(Power.RUNNING)),
    "instance.delete": (delete, lambda world: world.assert_no_guest()),
    "instance.adopt": (adopt, check_adopted),
    "image.import": (import_image, check_imported),
    "image.delete": (remove_image, check_image_removed),
    "host.enrol": (enrol, check_enrolled),
}


def test_every_kind_is_killed_here() -> None:
    assert set(KINDS) == {handler.kind for handler in all_handlers()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_runner_is_made_up_for(kind: str, reaper: Reaper) -> None:
    begin, check = KINDS[kind]
    moments = _moments(begin, check, reaper)
    assert moments >= 3
    for fatal in range(1, moments + 1):
        _one_death(begin, check, reaper, fatal)


def _moments(begin: Callable[[World], Operation], check: Callable[[World], None], reaper: Reaper) -> int:
    """How many moments of death an undisturbed run has."""
    with rolled_back():
        world = World()
        operation = begin(world)
        reaper.moment = 0
        assert to_the_end(operation).state == "succeeded", operation.error_message
        moments = reaper.moment
        check(world)
    return moments


def _one_death(begin: Callable[[World], Operation], check: Callable[[World], None], reaper: Reaper, fatal: int) -> None:
    with rolled_back():
        world = World()
        operation = begin(world)
        reaper.moment, reaper.fatal = 0, fatal
        with pytest.raises(Killed):
            runner.run(operation.pk)
        reaper.revive()
        ended = to_the_end(operation)
        assert ended.state == "succeeded", f"killed at {fatal}: {ended.error_message}"
        assert ended.attempt >= 2
        check(world)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Run a block on rows and a fake host that are gone afterwards."""
    fake.reset()
    installation.installation_id.cache_clear()
    block = transaction.atomic()
    block._from_testcase = True  # the services' own durable transactions are nested in the test's
    with block:
        yield
        transaction.set_rollback(True)

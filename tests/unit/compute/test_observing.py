"""What hosts show is taken over, lost events are made up for, and nothing is touched that is not ours."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from compute.models.instances import ConsoleLog, Instance
from compute.services.instances import InstanceSpec, instance_create, instance_delete, instance_stop
from compute.services.observing import console_log_append, domain_observed, host_compared
from console.fleet.models.hosts import UnmanagedDomain
from console.fleet.services.installation import installation_id
from console.virt.port import DomainFacts, Owner, Power
from tests import factories

pytestmark = pytest.mark.django_db


def domain(name: str = "old", owner: Owner | None = None) -> DomainFacts:
    return DomainFacts(str(uuid.uuid4()), name, "", Power.RUNNING, "", True, 2, 512, owner)


def compare(instance: Instance) -> Instance:
    host_compared(instance.host, factories.fake_of(instance.host).domain_list())
    instance.refresh_from_db()
    return instance


def test_a_guest_stopped_outside_shows_as_stopped() -> None:
    instance = factories.instance(factories.project())
    fake = factories.fake_of(instance.host)
    fake.guest_powers_off(str(instance.pk))
    domain_observed(instance.host, fake.domain_get(str(instance.pk)), str(instance.pk))
    instance.refresh_from_db()
    assert (instance.status, instance.observed_reason, instance.started_at) == ("stopped", "shutdown", None)


def test_a_lost_event_is_made_up_for_by_the_comparison() -> None:
    instance = factories.instance(factories.project())
    factories.fake_of(instance.host).guest_crashes(str(instance.pk))
    assert compare(instance).status == "stopped"
    assert instance.observed_reason == "crashed"


def test_a_vanished_domain_is_missing_and_its_row_is_kept() -> None:
    project = factories.project()
    instance = factories.instance(project)
    host_compared(instance.host, [])
    instance.refresh_from_db()
    assert (instance.status, instance.charged) == ("missing", True)
    assert compare(instance).status == "running"
    host_compared(instance.host, [])
    assert factories.run(instance_delete(factories.scope(project), instance_id=instance.pk)).state == "succeeded"


def test_what_is_being_built_is_not_missing() -> None:
    instance = factories.instance(factories.project(), running=False)
    assert compare(instance).status == "building"
    domain_observed(instance.host, None, str(instance.pk))
    instance.refresh_from_db()
    assert (instance.status, instance.observed) == ("building", "")


def test_what_failed_to_be_built_stays_an_error() -> None:
    instance = factories.instance(factories.project(), running=False)
    Instance.unscoped.filter(pk=instance.pk).update(failed=True, status="error")
    assert compare(instance).status == "error"


def test_what_is_being_deleted_stays_deleting() -> None:
    project = factories.project()
    instance = factories.instance(project)
    instance_delete(factories.scope(project), instance_id=instance.pk)
    host_compared(instance.host, [])
    instance.refresh_from_db()
    assert instance.status == "deleting"


def test_an_event_hurries_the_operation_that_waits_for_it() -> None:
    project = factories.project()
    instance = factories.instance(project)
    operation = factories.run(instance_stop(factories.scope(project), instance_id=instance.pk))
    assert operation.not_before is not None
    factories.fake_of(instance.host).guest_powers_off(str(instance.pk))
    assert compare(instance).status == "stopping"
    operation.refresh_from_db()
    assert operation.not_before is None
    assert factories.run(operation).state == "succeeded"
    instance.refresh_from_db()
    assert instance.status == "stopped"


def test_unmanaged_domains_are_listed_without_ours_and_with_their_owner() -> None:
    instance = factories.instance(factories.project())
    fake = factories.fake_of(instance.host)
    stranger, foreign = domain("stranger"), domain("foreign", Owner(str(uuid.uuid4()), "", "x"))
    remains = domain("remains", Owner(installation_id(), "", "y"))
    for facts in (stranger, foreign, remains):
        fake.add_foreign_domain(facts)
    compare(instance)
    rows = {row.name: row for row in UnmanagedDomain.unscoped.all()}
    assert set(rows) == {"stranger", "foreign"}
    assert rows["stranger"].owner_installation == ""
    assert foreign.owner is not None and rows["foreign"].owner_installation == foreign.owner.installation
    before = rows["stranger"].pk
    host_compared(instance.host, [replace(stranger, power=Power.STOPPED, name="renamed")])
    (row,) = UnmanagedDomain.unscoped.all()
    assert (row.pk, row.name, row.power) == (before, "renamed", "stopped")


def test_another_hosts_domain_of_the_same_uuid_changes_nothing() -> None:
    instance = factories.instance(factories.project())
    elsewhere = factories.host()
    facts = replace(domain(), uuid=str(instance.pk), power=Power.STOPPED)
    domain_observed(elsewhere, facts, str(instance.pk))
    instance.refresh_from_db()
    assert instance.status == "running"


def test_the_comparison_writes_nothing_where_nothing_changed(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    project = factories.project()
    image, flavor = factories.image(project), factories.flavor()
    factories.host()
    instances, operations = instance_create(factories.scope(project), InstanceSpec("n", image.pk, flavor.pk, count=5))
    for operation in operations:
        factories.run(operation)
    installation_id()
    with django_assert_max_num_queries(4):
        host_compared(instances[0].host, factories.fake_of(instances[0].host).domain_list())


def test_the_console_log_keeps_its_end_without_nul() -> None:
    instance = factories.instance(factories.project())
    console_log_append(instance.pk, data=b"abc\x00\xff", offset=0, keep=10)
    console_log_append(instance.pk, data=b"0123456789", offset=5, keep=10)
    log = ConsoleLog.objects.get(instance=instance)
    assert (log.text, log.offset) == ("0123456789", 15)
    console_log_append(instance.pk, data=b"anew", offset=0, keep=10)
    log.refresh_from_db()
    assert (log.text, log.offset) == ("anew", 4)
    console_log_append(uuid.uuid4(), data=b"x", offset=0, keep=10)

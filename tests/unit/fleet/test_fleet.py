"""Hosts: never overfull, never green from stale facts, never touched where they are not ours."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from compute.services.instances import InstanceSpec, instance_create
from compute.services.observing import domain_observed
from console.core.errors import Conflict, Forbidden, Invalid, NoCapacity
from console.core.scope import Role
from console.fleet.models.hosts import Host
from console.fleet.probe import GREETING
from console.fleet.services.hosts import host_create, host_delete, host_enrol, host_lost, host_seen, host_update
from console.fleet.services.placement import give_back, place, take_on
from console.fleet.services.samples import rates
from console.fleet.states import PILLS, STALE_AFTER, HostStatus, derive_status
from console.operations.models.operations import OperationStep
from console.virt.errors import HostUnavailable, Refused
from console.virt.port import DomainSample, Power
from tests import factories
from tests.unit.threads import at_once

pytestmark = pytest.mark.django_db


def placed(vcpus: int = 1, memory_mib: int = 1024) -> Host:
    with transaction.atomic():
        return place(vcpus=vcpus, memory_mib=memory_mib)


@pytest.mark.django_db(transaction=True)
def test_placement_never_overcommits_whoever_asks_at_once() -> None:
    small = {"memory_mib": 5 * 1024, "reserved_memory_mib": 1024, "cpus": 2, "vcpu_overcommit": 8.0}
    hosts = [factories.host(f"h{number}", **small) for number in range(2)]

    def greedy() -> int:
        got = 0
        for _try in range(3):
            try:
                placed()
            except NoCapacity:
                continue
            got += 1
        return got

    answers = at_once(*[greedy] * 6)
    assert all(isinstance(answer, int) for answer in answers), answers
    for host in hosts:
        host.refresh_from_db()
        assert host.used_memory_mib <= host.memory_capacity_mib and host.used_vcpus <= host.vcpu_capacity
    assert sum(answers) == sum(host.used_memory_mib for host in hosts) // 1024 <= 8
    while sum(host.used_memory_mib for host in hosts) < 8 * 1024:  # those who lost a race may come again
        placed()
        for host in hosts:
            host.refresh_from_db()
    with pytest.raises(NoCapacity):
        placed()


def test_the_emptiest_host_is_chosen() -> None:
    factories.host("a", memory_mib=8192, used_memory_mib=4096)
    factories.host("b", memory_mib=8192)
    assert placed().name == "b"


def test_every_host_has_its_reason() -> None:
    factories.host("full", memory_mib=2048, used_memory_mib=1000)
    factories.host("busy", cpus=1, vcpu_overcommit=1.0, used_vcpus=1)
    factories.host("off", enabled=False)
    factories.host("gone", reachable=False)
    factories.host("stale", last_seen=timezone.now() - STALE_AFTER * 2)
    factories.host("fresh", enrolled=False)
    with pytest.raises(NoCapacity) as caught:
        placed()
    reasons = dict(
        part.split(": ", 1) for part in caught.value.message.removeprefix("No host can take it. ").split("; ")
    )
    assert reasons["full"].startswith("24 MiB of memory free, 1024 needed")
    assert reasons["busy"].startswith("0 vCPUs free, 1 needed")
    assert [reasons[name].strip(".") for name in ("off", "gone", "stale", "fresh")] == [
        "is disabled",
        "is down",
        "is unknown",
        "is not enrolled",
    ]
    assert not Host.unscoped.exclude(used_vcpus__lte=1).exists()


def test_no_host_at_all() -> None:
    with pytest.raises(NoCapacity, match="no host yet"):
        placed()


def test_what_is_taken_comes_back_and_no_more() -> None:
    host = factories.host()
    take_on(host.pk, vcpus=2, memory_mib=100)
    give_back(host.pk, vcpus=2, memory_mib=100)
    give_back(host.pk, vcpus=2, memory_mib=100)
    host.refresh_from_db()
    assert (host.used_vcpus, host.used_memory_mib) == (0, 0)


NOW, OLD = datetime.timedelta(), STALE_AFTER * 2


@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("reachable", [True, False])
@pytest.mark.parametrize("age", [NOW, OLD, None])
def test_the_table_of_statuses(enrolled: bool, enabled: bool, reachable: bool, age: datetime.timedelta | None) -> None:
    status = derive_status(
        enrolled=enrolled,
        enabled=enabled,
        reachable=reachable,
        last_seen=None if age is None else timezone.now() - age,
    )
    if not enrolled:
        expected = "new"
    elif not reachable:
        expected = "down"
    elif age is not NOW:
        expected = "unknown"
    else:
        expected = "up" if enabled else "disabled"
    assert status == expected
    assert (PILLS[status].tone == "green") == (status == HostStatus.UP)


def test_stale_by_a_second_is_stale() -> None:
    host = factories.host(last_seen=timezone.now() - STALE_AFTER + datetime.timedelta(seconds=5))
    assert host.status == HostStatus.UP
    host.last_seen = timezone.now() - STALE_AFTER - datetime.timedelta(seconds=1)
    assert host.status == HostStatus.UNKNOWN and host.pill.tone != "green"


def test_seen_and_lost() -> None:
    host = factories.host()
    host_lost(host, reason="no route")
    host.refresh_from_db()
    assert (host.status, host.trouble) == ("down", "no route")
    host_seen(host)
    host.refresh_from_db()
    assert (host.status, host.trouble) == ("up", "")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"uri": "http://x"}, "uri"),
        ({"uri": "qemu"}, "uri"),
        ({"uri": "qemu:///system\n"}, "uri"),
        ({"uri": "qemu+ssh://-oProxyCommand=id/system"}, "uri"),
        ({"uri": "qemu+ssh://x/system?command=/bin/evil"}, "uri"),
        ({"uri": "qemu+ssh://x/system?netcat=/bin/evil"}, "uri"),
        ({"uri": "qemu+ext:///system?command=x"}, "uri"),
        ({"uri": "fake://x"}, "uri"),
        ({"uri": None}, "uri"),
        ({"pool_path": "images"}, "pool_path"),
        ({"pool_path": "/var/../etc"}, "pool_path"),
    ],
)
def test_bad_input_names_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        host_create(factories.SYSTEM, **{"name": "h", "uri": "qemu:///system", **values})
    assert list(caught.value.fields) == [field]
    assert not Host.unscoped.exists()


def test_names_and_addresses_are_taken_once() -> None:
    host_create(factories.SYSTEM, name="h", uri="qemu:///system")
    for name, uri in (("h", "qemu:///session"), ("g", "qemu:///system")):
        with pytest.raises(Conflict):
            host_create(factories.SYSTEM, name=name, uri=uri)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"vcpu_overcommit": 0}, "vcpu_overcommit"), ({"memory_overcommit": 99}, "memory_overcommit")]
    + [({"reserved_memory_mib": -1}, "reserved_memory_mib"), ({"vcpu_overcommit": "2"}, "vcpu_overcommit")]
    + [({"name": ""}, "name"), ({"used_vcpus": 0}, "used_vcpus"), ({"uri": "qemu:///x"}, "uri")],
)
def test_settings_are_checked(values: dict[str, Any], field: str) -> None:
    host = factories.host()
    with pytest.raises(Invalid) as caught:
        host_update(factories.SYSTEM, host_id=host.pk, **values)
    assert list(caught.value.fields) == [field]


def test_hosts_are_for_staff() -> None:
    host = factories.host()
    scope = factories.scope(factories.project(), role=Role.ADMIN)
    acts: list[Any] = [host_enrol, host_update, host_delete]
    for act in acts:
        with pytest.raises(Forbidden):
            act(scope, host_id=host.pk)


def test_a_host_that_holds_instances_stays() -> None:
    instance = factories.instance(factories.project())
    with pytest.raises(Conflict):
        host_delete(factories.SYSTEM, host_id=instance.host_id)
    empty = factories.host()
    host_delete(factories.SYSTEM, host_id=empty.pk)
    assert not Host.unscoped.filter(pk=empty.pk).exists()


def test_a_host_that_is_being_enrolled_stays() -> None:
    host = factories.host()
    host_enrol(factories.SYSTEM, host_id=host.pk)
    with pytest.raises(Conflict):
        host_delete(factories.SYSTEM, host_id=host.pk)


def test_enrolment_tells_step_by_step() -> None:
    host = factories.host(enrolled=False, pool_name="", pool_path="", network_name="")
    factories.fake_of(host).serial_output = GREETING
    operation = factories.run(host_enrol(factories.SYSTEM, host_id=host.pk))
    assert operation.state == "succeeded", operation.error_message
    steps = OperationStep.objects.filter(operation=operation)
    assert [step.name for step in steps] == ["connect", "capabilities", "accelerator", "pool", "network", "probe"]
    assert all(step.note and step.state == "done" for step in steps)
    host.refresh_from_db()
    assert host.enrolled and host.status == "up" and host.pool_name.startswith("virtdeck-")
    assert factories.fake_of(host).domain_list() == ()


def test_enrolment_that_fails_names_the_cure_and_leaves_no_probe() -> None:
    host = factories.host(enrolled=False)
    factories.fake_of(host).fail_next("domain_start", Refused("no KVM", hint="load kvm_intel"))
    operation = factories.run(host_enrol(factories.SYSTEM, host_id=host.pk))
    assert (operation.state, operation.error_message, operation.error_hint) == ("failed", "no KVM", "load kvm_intel")
    host.refresh_from_db()
    assert not host.enrolled
    assert factories.fake_of(host).domain_list() == () and factories.fake_of(host).volume_list("pool") == ()


def test_the_same_machine_is_not_enrolled_twice() -> None:
    first, second = factories.host(), factories.host(enrolled=False)
    Host.unscoped.filter(pk=first.pk).update(host_uuid=factories.fake_of(second).facts().uuid)
    operation = factories.run(host_enrol(factories.SYSTEM, host_id=second.pk))
    assert operation.state == "failed" and first.name in operation.error_message


def test_a_silent_host_is_told_as_such() -> None:
    host = factories.host(enrolled=False)
    factories.fake_of(host).fail_next("connect", HostUnavailable("no route to host"))
    operation = factories.run(host_enrol(factories.SYSTEM, host_id=host.pk))
    assert operation.is_active and operation.error_message == "no route to host"


def sample(**values: int) -> DomainSample:
    numbers = dict.fromkeys(("disk_read_bytes", "disk_write_bytes", "net_rx_bytes", "net_tx_bytes"), 0)
    given: dict[str, Any] = {"cpu_time_ns": 0, "vcpus": 2, "memory_mib": 64, "memory_rss_mib": 32, **numbers, **values}
    return DomainSample(uuid="x", power=Power.RUNNING, **given)


def test_rates_between_two_samples() -> None:
    after = sample(cpu_time_ns=5 * 10**9, disk_read_bytes=500, net_tx_bytes=50)
    point = rates(sample(), after, seconds=5, at=1000.04)
    assert point == {"t": 1000.0, "cpu": 50.0, "mem": 32.0, "rd": 100, "wr": 0, "rx": 0, "tx": 10}


def test_counters_that_began_anew_are_no_negative_rates() -> None:
    point = rates(sample(cpu_time_ns=10**12, net_rx_bytes=10**9), sample(cpu_time_ns=5), seconds=5, at=0)
    assert point["cpu"] == 0 and point["rx"] == 0
    assert rates(sample(), sample(cpu_time_ns=10**14), seconds=1, at=0)["cpu"] == 100


@pytest.mark.parametrize(
    "uri",
    [
        "qemu+ssh://host/system?Command=/tmp/evil",
        "qemu+ssh://host/system?%63ommand=/tmp/evil",
        "qemu+ssh://host/system?x=1;NETCAT=/tmp/evil",
        "qemu+ssh://root@-oProxyCommand=evil/system",
        "qemu+ssh://-oProxyCommand=evil@host/system",
        "qemu://[host/system",
        "qemu+tls://host:port/system",
    ],
)
def test_uris_that_run_commands_or_cannot_be_read_are_refused(uri: str) -> None:
    with pytest.raises(Invalid) as caught:
        host_create(factories.SYSTEM, name="evil", uri=uri)
    assert set(caught.value.fields) == {"uri"}


def test_the_observer_knows_ours_from_strangers() -> None:
    """Only a stranger's event may ask for a full comparison."""
    instance = factories.instance(factories.project())
    assert domain_observed(instance.host, None, str(instance.pk)) is True
    assert domain_observed(instance.host, None, "00000000-0000-0000-0000-000000000000") is False


def test_hosts_are_named_to_staff_alone() -> None:
    project = factories.project()
    host = factories.host("secret-host", memory_mib=1024, reserved_memory_mib=1024)
    image, flavor = factories.image(project), factories.flavor()
    spec = InstanceSpec("x", image.pk, flavor.pk)
    with pytest.raises(NoCapacity) as told:
        instance_create(factories.scope(project), spec)
    assert host.name not in told.value.message and told.value.hint
    with pytest.raises(NoCapacity) as told:
        instance_create(factories.scope(project, factories.user(staff=True), Role.ADMIN), spec)
    assert host.name in told.value.message

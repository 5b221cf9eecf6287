"""Host pages: enrolment step by step, capacity, and acts that are refused without a trace."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.utils import timezone

from compute.models.instances import Instance
from console.core import regions
from console.core.scope import Scope
from console.fleet.models.hosts import Host, UnmanagedDomain
from console.fleet.probe import GREETING
from console.operations.models.operations import Operation, OperationStep, State
from tests import factories
from tests.views import people
from tests.views.people import HTMX, People

pytestmark = pytest.mark.django_db


@pytest.fixture
def who() -> People:
    return people.make()


def test_the_list_tells_capacity_and_never_shows_green_from_stale_data(who: People) -> None:
    factories.host("fresh", used_vcpus=3)
    stale = factories.host("stale", last_seen=timezone.now() - datetime.timedelta(minutes=5))
    text = who.client("staff").get("/fleet/hosts/").content.decode()
    assert "3 of 128" in text
    row = text.split(f'id="host-row-{stale.pk}"')[1].split("</tr>")[0]
    assert "pill-green" not in row
    assert "Unknown" in row
    only = who.client("staff").get("/fleet/hosts/?status=up").content.decode()
    assert "fresh" in only and f"host-row-{stale.pk}" not in only


def test_adding_a_host_begins_its_enrolment(who: People) -> None:
    client = who.client("staff")
    form = {"name": "one", "uri": "qemu+tls://one.example/system", "pool_path": ""}
    host_id = client.post("/fleet/hosts/new/", form).url.split("/")[3]
    operation = Operation.unscoped.get(target_id=host_id)
    assert (operation.kind, operation.actor_id) == ("host.enrol", who.staff.pk)
    text = client.get(f"/fleet/hosts/{host_id}/").content.decode()
    assert "Boot a probe guest" in text
    assert "Queued" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uri", "http://x"),
        ("uri", "qemu:///system?command=/bin/sh"),
        ("name", " "),
        ("pool_path", "../x"),
    ],
)
def test_a_bad_host_is_refused_at_its_field_with_the_input_kept(who: People, field: str, value: str) -> None:
    form = {"name": "one", "uri": "qemu:///system", "pool_path": "", field: value}
    answer = who.client("staff").post("/fleet/hosts/new/", form)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not Host.unscoped.exists()


def test_a_failed_enrolment_tells_the_cure_at_its_step(who: People) -> None:
    host = factories.host("sick", enrolled=False)
    row = Operation.unscoped.create(
        kind="host.enrol",
        target_type="host",
        target_id=host.pk,
        target_name=host.name,
        state=State.FAILED,
        step="pool",
        step_number=4,
        step_count=6,
        error_code="refused",
        error_message="The folder cannot be written.",
        error_hint="Give it to libvirt.",
    )
    OperationStep.objects.create(operation=row, number=1, name="connect", state="done", note="The host answers.")
    text = who.client("staff").get(f"/fleet/hosts/{host.pk}/").content.decode()
    for words in ("The host answers.", "The folder cannot be written.", "Give it to libvirt.", "Retry"):
        assert words in text


def test_overcommit_is_set_within_bounds(who: People) -> None:
    host = factories.host("roomy")
    url = f"/fleet/hosts/{host.pk}/settings/"
    form = {"name": "roomy", "vcpu_overcommit": "4", "memory_overcommit": "1.5", "reserved_memory_mib": "2048"}
    assert who.client("staff").post(url, form).status_code == 302
    host.refresh_from_db()
    assert (host.vcpu_overcommit, host.memory_overcommit, host.reserved_memory_mib) == (4.0, 1.5, 2048)
    bad = who.client("staff").post(url, {**form, "vcpu_overcommit": "9999"})
    assert bad.status_code == 422
    assert 'value="9999"' in bad.content.decode()
    assert who.client("admin").post(url, form).status_code == 403


def test_a_host_is_disabled_enrolled_again_and_deleted(who: People) -> None:
    host = factories.host("gone")
    client = who.client("staff")
    assert client.post(f"/fleet/hosts/{host.pk}/enable/", {"enabled": ""}, **HTMX).status_code == 200
    host.refresh_from_db()
    assert not host.enabled
    assert client.post(f"/fleet/hosts/{host.pk}/enrol/", **HTMX)["HX-Redirect"] == f"/fleet/hosts/{host.pk}/"
    busy = client.post(f"/fleet/hosts/{host.pk}/enrol/", **HTMX)
    assert busy.status_code == 409
    assert client.post(f"/fleet/hosts/{host.pk}/delete/", **HTMX).status_code == 409
    factories.fake_of(host).serial_output = GREETING
    assert factories.run(Operation.unscoped.get(pk=busy.json()["operation"])).state == "succeeded"
    assert who.client("admin").post(f"/fleet/hosts/{host.pk}/delete/", **HTMX).status_code == 403
    assert client.post(f"/fleet/hosts/{host.pk}/delete/", **HTMX)["HX-Redirect"] == "/fleet/hosts/"
    assert not Host.unscoped.exists()


def test_a_host_with_instances_stays(who: People) -> None:
    instance = factories.instance(who.project)
    answer = who.client("staff").post(f"/fleet/hosts/{instance.host_id}/delete/", **HTMX)
    assert answer.status_code == 409
    assert Host.unscoped.filter(pk=instance.host_id).exists()
    listed = who.client("staff").get(f"/fleet/hosts/{instance.host_id}/instances/").content.decode()
    assert instance.name in listed


def test_a_domain_is_adopted_into_the_chosen_project(who: People) -> None:
    host = factories.host()
    domain = UnmanagedDomain.unscoped.create(
        host=host, uuid=uuid.uuid4(), name="legacy <b>", power="running", vcpus=1, memory_mib=256
    )
    client = who.client("staff")
    assert "legacy &lt;b&gt;" in client.get("/fleet/unmanaged/").content.decode()
    fields = client.get(f"/fleet/unmanaged/{domain.pk}/adopt/", **HTMX).content.decode()
    assert str(who.project.pk) in fields and "<html" not in fields
    assert who.client("admin").post(f"/fleet/unmanaged/{domain.pk}/adopt/").status_code == 403
    assert client.post(f"/fleet/unmanaged/{domain.pk}/adopt/", {"project": "x"}, **HTMX).status_code == 422
    assert not Instance.unscoped.exists()
    done = client.post(f"/fleet/unmanaged/{domain.pk}/adopt/", {"project": str(who.project.pk)}, **HTMX)
    assert done["HX-Redirect"] == who.url(f"instances/{domain.uuid}/")
    assert Instance.unscoped.get().project_id == who.project.pk


def test_a_domain_of_another_virtdeck_is_left_alone(who: People) -> None:
    domain = UnmanagedDomain.unscoped.create(
        host=factories.host(), uuid=uuid.uuid4(), name="theirs", power="running", owner_installation="abc"
    )
    url = f"/fleet/unmanaged/{domain.pk}/adopt/"
    assert who.client("staff").post(url, {"project": str(who.project.pk)}, **HTMX).status_code == 409
    assert not Instance.unscoped.exists()


def test_regions_of_the_fleet_are_for_staff(who: People) -> None:
    host = factories.host("live")
    staff = Scope(user_id=who.staff.pk, is_staff=True)
    member = factories.scope(who.project, who.admin)
    for name in ("host", "host.row", "host.pill"):
        region, argument = regions.find(f"{name}:{host.pk}")
        assert region.render(staff, argument)
        assert region.render(member, argument) is None


def test_the_list_of_hosts_does_not_query_a_row(who: People, django_assert_max_num_queries) -> None:
    client = who.client("staff")
    for _n in range(5):
        factories.host()
    client.get("/fleet/hosts/")
    with django_assert_max_num_queries(12):
        client.get("/fleet/hosts/")

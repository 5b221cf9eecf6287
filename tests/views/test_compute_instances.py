"""Pages of instances: lists, detail, acts, creation."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from compute.models.instances import ConsoleLog, Instance
from compute.services.key_pairs import key_pair_generate
from console.core.scope import Role
from console.operations.models.operations import Operation
from networking.models.networks import Port
from tests import factories

pytestmark = pytest.mark.django_db

TABS = ("instance", "instance-console", "instance-log", "instance-metrics", "instance-activity")
MOST_QUERIES = 12


@pytest.fixture
def project():
    return factories.project("Demo")


@pytest.fixture
def member(project):
    return factories.member(project)


@pytest.fixture
def page(member) -> Client:
    client = Client()
    client.force_login(member)
    return client


def url(project, name, *args) -> str:
    return reverse(f"project:{name}", args=[project.slug, *args])


def act(client, project, instance, verb, **headers):
    return client.post(url(project, "instance-action", instance.pk, verb), headers=headers)


def toast(response) -> dict:
    return json.loads(response.headers["HX-Trigger"])["toast"]


def new_instances(project, number: int) -> None:
    """Rows as they lie after many creations, without running them."""
    first = factories.instance(project)
    rows = [
        Instance(
            project=project,
            name=f"vm-{n:04d}",
            host=first.host,
            flavor=first.flavor,
            image=first.image,
            domain_name=f"vm-{n}",
            vcpus=1,
            memory_mib=128,
            status="running",
            observed="running",
        )
        for n in range(number - 1)
    ]
    Instance.unscoped.bulk_create(rows)
    Port.unscoped.bulk_create(
        Port(project=project, network=factories.network(), instance=row, mac=f"52:54:01:00:{n >> 8:02x}:{n & 255:02x}")
        for n, row in enumerate(rows)
    )


# --- the list


def test_list_shows_what_people_look_for(page, project):
    instance = factories.instance(project, "web")
    Port.unscoped.filter(instance=instance).update(address="10.99.0.20")
    html = page.get(url(project, "instances")).content.decode()
    for text in (">web</a>", "pill-green", "10.99.0.20", instance.flavor.name, instance.image.name):
        assert text in html
    assert f'data-live="instance.row:{instance.pk}"' in html
    assert 'data-live-list="instance"' in html


def test_names_are_escaped_everywhere(page, project):
    instance = factories.instance(project, '<b>"x" 0name0 & </b>')
    for name in ("instances", "overview"):
        assert "<b>" not in page.get(url(project, name)).content.decode()
    for tab in TABS:
        assert "<b>" not in page.get(url(project, tab, instance.pk)).content.decode()


def test_empty_list_offers_the_first_step(page, project):
    html = page.get(url(project, "instances")).content.decode()
    assert url(project, "instance-create") in html
    assert "<table" not in html
    assert "Nothing matches" in page.get(url(project, "instances"), {"q": "nothing"}).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "web"}, {"web-1", "web-2"}),
        ({"q": "status:running"}, {"web-1"}),
        ({"q": "status:building web"}, {"web-2"}),
        ({"status": "building"}, {"web-2", "db"}),
        ({"q": "status:nonsense"}, set()),
        ({"q": "ip:10.99.0.7"}, {"db"}),
        ({"q": "10.99.0.7"}, {"db"}),
        ({"name": "DB"}, {"db"}),
        ({"q": "host:host"}, set()),  # tenants do not learn of hosts
    ],
)
def test_filters(page, project, query, found):
    for name, running in (("web-1", True), ("web-2", False), ("db", False)):
        factories.instance(project, name, running=running)
    Port.unscoped.filter(instance__name="db").update(address="10.99.0.7")
    response = page.get(url(project, "instances"), query)
    assert {row.name for row in response.context["table"].data} == found
    assert response.context["count"] == len(found)


def test_pages_follow_each_other_without_gaps(page, project):
    new_instances(project, 60)
    for sort in ("", "name", "-name", "status", "age"):
        seen, where = [], f"?per=25&sort={sort}"
        for _page in range(3):
            response = page.get(url(project, "instances") + where)
            seen += [row.pk for row in response.context["table"].data]
            where = response.context["pager"]["next_url"].partition("?")[2]
            where = f"?{where}" if where else ""
        assert len(seen) == len(set(seen)) == 60


def test_list_costs_few_queries_and_no_host(page, project, django_assert_max_num_queries, monkeypatch):
    new_instances(project, 60)
    monkeypatch.setattr("console.fleet.services.connections.connection", lambda _host: pytest.fail("a host was asked"))
    page.get(url(project, "instances"))
    with django_assert_max_num_queries(MOST_QUERIES):
        assert page.get(url(project, "instances")).content.count(b'row-select"') == 50


def test_fleet_list_is_for_staff_and_shows_project_and_host(project, page, django_assert_max_num_queries):
    new_instances(project, 60)
    assert page.get(reverse("fleet:instances")).status_code == 403
    client = Client()
    client.force_login(factories.user(staff=True))
    client.get(reverse("fleet:instances"))
    with django_assert_max_num_queries(MOST_QUERIES):
        html = client.get(reverse("fleet:instances")).content.decode()
    host = Instance.unscoped.first().host
    assert reverse("fleet:host", args=[host.pk]) in html
    assert url(project, "overview") in html
    assert client.get(reverse("fleet:instances"), {"q": "host:host"}).context["count"] == 60


# --- one instance


def test_every_tab_answers(page, project, django_assert_max_num_queries):
    instance = factories.instance(project)
    for tab in TABS:
        with django_assert_max_num_queries(30):
            html = page.get(url(project, tab, instance.pk)).content.decode()
        assert f'data-live="instance.head:{instance.pk}"' in html


def test_foreign_ids_do_not_exist(page, project):
    foreign = factories.instance(factories.project("Other"))
    for tab in TABS:
        assert page.get(url(project, tab, foreign.pk)).status_code == 404
    assert act(page, project, foreign, "delete").status_code == 404
    assert page.post(url(project, "instance-rename", foreign.pk), {"name": "mine"}).status_code == 404
    assert page.post(url(project, "instance-console-ticket", foreign.pk), "{}", "application/json").status_code == 404
    response = page.post(
        url(project, "instance-bulk", "delete"), {"ids": [str(foreign.pk)]}, headers={"HX-Request": "true"}
    )
    assert toast(response)["level"] == "error"
    assert Operation.unscoped.filter(target_id=foreign.pk, kind="instance.delete").count() == 0


def test_user_data_is_for_those_who_may_change(project, page):
    instance = factories.instance(project, user_data="#!/bin/sh\necho secret-word\n")
    assert b"secret-word" in page.get(url(project, "instance", instance.pk)).content
    reader = Client()
    reader.force_login(factories.member(project, Role.READER))
    assert b"secret-word" not in reader.get(url(project, "instance", instance.pk)).content


def test_readers_see_and_change_nothing(project):
    instance = factories.instance(project)
    client = Client()
    client.force_login(factories.member(project, Role.READER))
    assert client.get(url(project, "instances")).status_code == 200
    assert client.get(url(project, "instance-create")).status_code == 403
    assert act(client, project, instance, "stop").status_code == 403
    assert Operation.unscoped.filter(target_id=instance.pk, kind="instance.stop").count() == 0


@pytest.mark.parametrize(
    ("verb", "kind", "params"),
    [
        ("stop", "instance.stop", {"force": False}),
        ("force-stop", "instance.stop", {"force": True}),
        ("reboot", "instance.reboot", {"hard": False}),
        ("hard-reboot", "instance.reboot", {"hard": True}),
        ("delete", "instance.delete", {}),
    ],
)
def test_acts_begin_operations(page, project, verb, kind, params):
    instance = factories.instance(project)
    response = act(page, project, instance, verb, **{"HX-Request": "true"})
    assert response.status_code == 200
    assert instance.name in toast(response)["text"]
    operation = Operation.unscoped.get(target_id=instance.pk, kind=kind)
    assert params.items() <= operation.params.items()


def test_an_act_without_scripts_leads_back(page, project):
    instance = factories.instance(project)
    assert act(page, project, instance, "stop").url == url(project, "instance", instance.pk)
    assert page.get(url(project, "instance-action", instance.pk, "stop")).status_code == 405
    assert act(page, project, instance, "explode").status_code == 404


def test_refusals_reach_the_page_as_json(page, project):
    instance = factories.instance(project)
    response = act(page, project, instance, "start", **{"HX-Request": "true"})
    assert response.status_code == 409
    assert response.json()["code"] == "wrong_state"
    assert act(page, project, instance, "start").status_code == 409


def test_trouble_is_told_and_can_be_tried_again(page, project):
    instance = factories.instance(project, running=False)
    operation = Operation.unscoped.get(target_id=instance.pk)
    Operation.unscoped.filter(pk=operation.pk).update(state="failed", error_code="x", error_message="No room.")
    Instance.unscoped.filter(pk=instance.pk).update(
        failed=True, status="error", trouble="No room.", trouble_hint="Make room."
    )
    html = page.get(url(project, "instance", instance.pk)).content.decode()
    assert "No room." in html
    assert "Make room." in html
    assert "actions/retry/" in html
    assert url(project, "operation", operation.pk) in html


def test_cancel_and_retry_without_a_cause_are_refused(page, project):
    instance = factories.instance(project)
    assert act(page, project, instance, "cancel").status_code == 409
    assert act(page, project, instance, "retry").status_code == 409


def test_bulk_tells_of_each_refusal(page, project):
    one, two = factories.instance(project, "one"), factories.instance(project, "two", running=False)
    ids = [str(one.pk), str(two.pk), str(uuid.uuid4())]
    response = page.post(url(project, "instance-bulk", "stop"), {"ids": ids}, headers={"HX-Request": "true"})
    said = toast(response)
    assert said["level"] == "warning"
    assert said["text"].startswith("1 instance is being stopped. 2 refused")
    assert "two" in said["hint"]
    assert page.post(url(project, "instance-bulk", "rename"), {"ids": ids}).status_code == 404


def test_rename(page, project):
    instance = factories.instance(project)
    response = page.post(url(project, "instance-rename", instance.pk), {"name": "better"})
    assert response.url == url(project, "instance", instance.pk)
    instance.refresh_from_db()
    assert instance.name == "better"
    response = page.post(url(project, "instance-rename", instance.pk), {"name": "bad\u2028name"})
    assert response.status_code == 422
    assert "control characters" in response.content.decode()


def test_console_page_alone_may_style_itself(page, project):
    instance = factories.instance(project)
    policy = page.get(url(project, "instance-console", instance.pk)).headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    policy = page.get(url(project, "instance", instance.pk)).headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy


def test_console_page_by_state(page, project):
    running, off = factories.instance(project), factories.instance(project, "off", running=False)
    assert b'data-console="serial"' in page.get(url(project, "instance-console", running.pk)).content
    assert b'data-console="vnc"' in page.get(url(project, "instance-console", running.pk), {"type": "vnc"}).content
    assert b"data-console=" not in page.get(url(project, "instance-console", off.pk)).content


def test_console_ticket(page, project, monkeypatch):
    instance = factories.instance(project)
    kept = {}

    class Redis:
        def set(self, key, value, ex):
            kept[key] = json.loads(value)

    monkeypatch.setattr("compute.services.consoles.client", Redis)
    address = url(project, "instance-console-ticket", instance.pk)
    answer = page.post(address, {"type": "serial"}, "application/json", headers={"Accept": "application/json"})
    assert answer.json()["url"].startswith("/ws/console/")
    assert [ticket["session"] for ticket in kept.values()] == [page.session.session_key]
    refused = page.post(address, {"type": "telnet"}, "application/json", headers={"Accept": "application/json"})
    assert refused.status_code == 422
    assert page.post(address, "[", "application/json", headers={"Accept": "application/json"}).status_code == 422


def test_console_log(page, project):
    instance = factories.instance(project)
    ConsoleLog.objects.create(instance=instance, text="\n".join(f"line-{n}." for n in range(600)))
    html = page.get(url(project, "instance-log", instance.pk)).content.decode()
    assert "line-500." in html
    assert "line-499." not in html
    html = page.get(url(project, "instance-log", instance.pk), {"lines": "500"}).content.decode()
    assert "line-100." in html
    assert page.get(url(project, "instance-log", instance.pk), {"lines": "no"}).status_code == 200


# --- creation


@pytest.fixture
def form(project):
    factories.host()
    image, flavor = factories.image(project), factories.flavor()
    return {
        "name": "fresh",
        "image": str(image.pk),
        "flavor": str(flavor.pk),
        "network": "",
        "key_pair": "",
        "count": "1",
        "description": "",
        "user_data": "",
        "token": str(uuid.uuid4()),
    }


def test_create_leads_to_the_instance(page, project, form):
    response = page.post(url(project, "instance-create"), form)
    instance = Instance.unscoped.get()
    assert response.url == url(project, "instance", instance.pk)
    assert page.post(url(project, "instance-create"), {**form, "count": "2"}).url == url(project, "instances")


def test_create_sent_twice_makes_one(page, project, form):
    first = page.post(url(project, "instance-create"), form)
    second = page.post(url(project, "instance-create"), form)
    assert first.url == second.url
    assert Instance.unscoped.count() == 1
    page.post(url(project, "instance-create"), {**form, "name": "another"})
    assert Instance.unscoped.count() == 2


def test_create_keeps_what_was_typed(page, project, form, member):
    key_pair_generate(factories.scope(project, member), name="mine")
    bad = {**form, "name": "", "user_data": "#!/bin/sh\nkept words", "flavor": "none"}
    response = page.post(url(project, "instance-create"), bad)
    html = response.content.decode()
    assert response.status_code == 422
    assert "kept words" in html
    assert "data-error-summary" in html
    assert f'value="{form["image"]}"' in html
    assert Instance.unscoped.count() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image": "00000000-0000-0000-0000-000000000000"}, "There is no such image."),
        ({"flavor": "<script>"}, "There is no such flavor."),
        ({"key_pair": "x"}, "There is no such key pair."),
        ({"network": "x"}, "There is no such network."),
        ({"count": "99"}, "less than or equal to 20"),
        ({"user_data": "x" * 70_000}, "65536 bytes"),
    ],
)
def test_create_says_which_field_is_wrong(page, project, form, change, said):
    response = page.post(url(project, "instance-create"), {**form, **change})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert Instance.unscoped.count() == 0


def test_create_over_quota_names_the_quota(page, project, form):
    project.quotas.filter(resource="vcpus").update(limit=0)
    html = page.get(url(project, "instance-create")).content.decode()
    assert "More than the quota has left: vCPUs." in html
    response = page.post(url(project, "instance-create"), form)
    assert response.status_code == 422
    assert "vCPUs" in response.content.decode()


def test_create_offers_only_what_is_the_projects(page, project, form):
    foreign = factories.image(factories.project("Other"), "theirs")
    assert str(foreign.pk) not in page.get(url(project, "instance-create")).content.decode()
    response = page.post(url(project, "instance-create"), {**form, "image": str(foreign.pk)})
    assert response.status_code == 422

"""The start page, the command palette, and how refusals look."""

from __future__ import annotations

import pytest
from django.test import Client

from console.core.scope import Role
from tests import factories
from tests.views import people
from tests.views.people import HTMX, People

pytestmark = pytest.mark.django_db


@pytest.fixture
def who() -> People:
    return people.make()


def found(client: Client, words: str) -> list[dict[str, str]]:
    return client.get("/palette.json", {"q": words}).json()["results"]


def test_the_start_page_leads_to_the_project_looked_at_last(who: People) -> None:
    other = factories.project("Zzz")
    factories.member(other, Role.READER, of_user=who.member)
    client = who.client("member")
    assert client.get("/").url == who.url()
    client.get(f"/p/{other.slug}/members/")
    assert client.get("/").url == f"/p/{other.slug}/"


def test_somebody_without_a_project_learns_who_can_help(who: People) -> None:
    text = who.client("outsider").get("/").content.decode()
    assert "You belong to no project yet" in text
    assert str(who.staff) in text


def test_staff_without_any_project_see_the_hosts() -> None:
    client = Client()
    client.force_login(factories.user(staff=True))
    assert client.get("/").url == "/fleet/hosts/"


def test_strangers_are_sent_to_the_login() -> None:
    for path in ("/", "/palette.json?q=x", "/tasks/", "/account/", "/fleet/hosts/"):
        assert Client().get(path).url.startswith("/accounts/login/")


def test_the_palette_finds_what_one_may_see_and_nothing_else(who: People) -> None:
    factories.host("needle-host")
    mine = factories.instance(who.project, "needle-mine", running=False)
    foreign = factories.project("needle project")
    factories.instance(foreign, "needle-foreign", running=False)
    labels = [result["label"] for result in found(who.client("reader"), "needle")]
    assert labels == ["needle-mine"]
    everything = {result["label"] for result in found(who.client("staff"), "needle")}
    assert everything == {"needle-mine", "needle-foreign", "needle project", "needle-host"}
    assert found(who.client("outsider"), "needle") == []
    assert found(who.client("reader"), str(mine.pk))[0]["label"] == "needle-mine"


def test_the_palette_is_short_and_quick(who: People, django_assert_max_num_queries) -> None:
    for number in range(30):
        factories.project(f"needle {number}")
    client = who.client("staff")
    with django_assert_max_num_queries(8):  # two of them are the session and the user
        results = found(client, "needle")
    assert 0 < len(results) <= 20
    assert found(client, "\x00%_'") == []
    assert found(client, "") == []


def test_the_palette_leads_to_pages_that_open(who: People) -> None:
    factories.host("needle-host")
    factories.instance(who.project, "needle", running=False)
    client = who.client("staff")
    for word in ("needle", "tiny", "create", "add", "account"):
        for result in found(client, word):
            assert client.get(result["url"]).status_code == 200, result


def test_refusals_speak_to_people_and_to_scripts(who: People) -> None:
    page = who.client("member").get(who.url("audit/"))
    assert "req-" in page.content.decode()
    script = who.client("member").get(who.url("audit/"), **HTMX)
    assert script["Content-Type"] == "application/problem+json"
    assert script.json()["code"] == "role_needed"

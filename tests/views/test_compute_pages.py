"""Pages of the overview, key pairs and flavors."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compute.models.catalog import Flavor, KeyPair
from compute.services.key_pairs import key_pair_generate
from console.core.scope import Role
from tests import factories

pytestmark = pytest.mark.django_db

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKGXgZTIc6ZSHKQBk+dWJ0yMfnKtwm7zHHNHdYvzAdsl me@here"


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


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(factories.user(staff=True))
    return client


def url(project, name, *args) -> str:
    return reverse(f"project:{name}", args=[project.slug, *args])


def test_overview_tells_what_runs(page, project, django_assert_max_num_queries):
    empty = page.get(url(project, "overview")).content.decode()
    assert "No instances yet" in empty
    assert url(project, "instance-create") in empty
    factories.instance(project)
    with django_assert_max_num_queries(25):
        html = page.get(url(project, "overview")).content.decode()
    assert "No instances yet" not in html
    assert f"{url(project, 'instances')}?status=running" in html
    assert 'data-quota="vcpus"' in html
    assert "Create instance" in html


def test_overview_of_a_project_of_others_does_not_exist(page):
    assert page.get(url(factories.project("Other"), "overview")).status_code == 404


def test_key_pairs_are_the_viewers_own(page, project, member):
    mine, _secret = key_pair_generate(factories.scope(project, member), name="mine")
    theirs, _secret = key_pair_generate(factories.scope(project), name="theirs")
    html = page.get(url(project, "key-pairs")).content.decode()
    assert mine.fingerprint in html
    assert theirs.fingerprint not in html
    assert page.post(url(project, "key-pair-delete", theirs.pk)).status_code == 404
    assert page.post(url(project, "key-pair-delete", mine.pk)).url == url(project, "key-pairs")
    assert set(KeyPair.unscoped.all()) == {theirs}


def test_private_key_is_shown_once_and_not_cached(page, project):
    response = page.post(url(project, "key-pair-create"), {"name": "fresh"})
    assert b"BEGIN OPENSSH PRIVATE KEY" in response.content
    assert "no-store" in response.headers["Cache-Control"]
    again = page.post(url(project, "key-pair-create"), {"name": "fresh"})
    assert again.status_code == 422
    assert b"Taken." in again.content
    assert b"PRIVATE KEY" not in page.get(url(project, "key-pairs")).content


def test_import_of_a_key(page, project):
    bad = page.post(url(project, "key-pair-import"), {"name": "k", "public_key": "nonsense"})
    assert bad.status_code == 422
    assert "nonsense" in bad.content.decode()
    good = page.post(url(project, "key-pair-import"), {"name": "k", "public_key": KEY})
    assert good.url == url(project, "key-pairs")
    assert KeyPair.unscoped.get().name == "k"


def test_readers_make_no_key_pairs(project):
    client = Client()
    client.force_login(factories.member(project, Role.READER))
    assert client.get(url(project, "key-pairs")).status_code == 200
    assert client.post(url(project, "key-pair-create"), {"name": "x"}).status_code == 403


def test_flavors_are_for_staff(page, staff):
    flavor = factories.flavor("tiny")
    edit = reverse("fleet:flavor-edit", args=[flavor.pk])
    for address in (reverse("fleet:flavors"), reverse("fleet:flavor-create"), edit):
        assert page.get(address).status_code == 403
        assert staff.get(address).status_code == 200
    assert page.post(reverse("fleet:flavor-delete", args=[flavor.pk])).status_code == 403
    assert Flavor.unscoped.count() == 1


def test_life_of_a_flavor(staff):
    values = {"name": "small", "vcpus": "1", "memory_mib": "512", "disk_gib": "5", "description": "", "enabled": "on"}
    assert staff.post(reverse("fleet:flavor-create"), values).status_code == 302
    flavor = Flavor.unscoped.get()
    assert staff.post(reverse("fleet:flavor-create"), values).status_code == 422
    wrong = staff.post(reverse("fleet:flavor-edit", args=[flavor.pk]), {**values, "memory_mib": "3"})
    assert wrong.status_code == 422
    staff.post(reverse("fleet:flavor-edit", args=[flavor.pk]), {**values, "memory_mib": "1024"})
    staff.post(reverse("fleet:flavor-switch", args=[flavor.pk]))
    flavor.refresh_from_db()
    assert (flavor.memory_mib, flavor.enabled) == (1024, False)
    staff.post(reverse("fleet:flavor-delete", args=[flavor.pk]))
    assert Flavor.unscoped.count() == 0


@pytest.mark.parametrize("name", ["images", "key-pairs"])
def test_a_nul_in_the_filter_box_is_left_out(page: Client, project, name: str) -> None:
    """PostgreSQL cannot be asked for it."""
    answer = page.get(reverse(f"project:{name}", args=[project.slug]), {"q": "a\x00b"})
    assert (answer.status_code, answer.context["filter"]["query"]) == (200, "ab")


def test_a_nul_in_the_filter_box_of_flavors_is_left_out() -> None:
    staff = Client()
    staff.force_login(factories.user(staff=True))
    answer = staff.get(reverse("fleet:flavors"), {"q": "a\x00b"})
    assert (answer.status_code, answer.context["filter"]["query"]) == (200, "ab")

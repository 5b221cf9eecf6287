"""Live regions: the page and the push render the same, and nobody is shown what is not his."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compute.models.instances import Instance
from compute.services.instances import instance_stop
from console.core import regions
from console.core.errors import Refusal
from console.core.scope import Role, Scope
from tests import factories

pytestmark = pytest.mark.django_db

BY_INSTANCE = ("instance.row", "instance.overview", "instance.console", "instance.activity", "instance.log")


def render(scope: Scope, key: str) -> str | None:
    found = regions.find(key)
    assert found is not None, key
    try:
        return found[0].render(scope, found[1])
    except Refusal:
        return None


@pytest.fixture
def project():
    return factories.project("Demo")


@pytest.fixture
def member(project):
    return factories.member(project)


@pytest.fixture
def scope(project, member) -> Scope:
    return factories.scope(project, member)


@pytest.fixture
def page(member) -> Client:
    client = Client()
    client.force_login(member)
    return client


def test_row_is_the_same_in_page_and_push(page, project, scope):
    instance = factories.instance(project, "a <row> & more")
    html = page.get(reverse("project:instances", args=[project.slug])).content.decode()
    assert render(scope, f"instance.row:{instance.pk}") in html


def test_row_of_the_fleet_has_project_and_host(project):
    instance = factories.instance(project)
    staff = factories.user(staff=True)
    row = render(Scope(user_id=staff.pk, is_staff=True), f"instance.row:{instance.pk}")
    assert instance.host.name in row
    assert project.name in row


@pytest.mark.parametrize("name", BY_INSTANCE)
def test_regions_show_only_what_is_ones_own(project, scope, name):
    instance = factories.instance(project)
    stranger = factories.scope(factories.project("Other"))
    nobody = Scope(user_id=stranger.user_id)
    key = f"{name}:{instance.pk}" + ("/100" if name == "instance.log" else "")
    assert render(scope, key)
    assert render(stranger, key) is None
    assert render(nobody, key) is None
    assert render(scope, f"{name}:nonsense") is None
    assert render(scope, f"{name}:") is None


def test_head_follows_the_instance_to_its_end(project, scope):
    instance = factories.instance(project, "web")
    key = f"instance.head:{instance.pk}"
    assert "pill-green" in render(scope, key)
    operation = instance_stop(scope, instance_id=instance.pk)
    busy = render(scope, key)
    assert "Stop instance" in busy
    assert "actions/cancel/" in busy
    factories.run(operation)
    Instance.unscoped.filter(pk=instance.pk).delete()
    assert "Instance deleted" in render(scope, key)
    assert render(scope, f"instance.row:{instance.pk}") is None


def test_head_tells_strangers_nothing(project):
    instance = factories.instance(project, "secret-name")
    assert "secret-name" not in render(factories.scope(factories.project("Other")), f"instance.head:{instance.pk}")


def test_readers_are_offered_nothing_they_may_not_do(project):
    instance = factories.instance(project)
    reader = factories.scope(project, role=Role.READER)
    assert "hx-post" not in render(reader, f"instance.head:{instance.pk}")
    assert "hx-post" not in render(reader, f"instance.row:{instance.pk}")


def test_overview_regions(project, scope):
    factories.instance(project)
    assert "status=running" in render(scope, "overview.counts:x")
    assert 'data-quota="instances"' in render(scope, "overview.quotas")
    assert "Create instance web" in render(scope, "overview.recent:x")
    assert render(Scope(), "overview.counts:x") is None


def test_what_changes_which_region():
    assert regions.touched("instance.row:1", "instance", "1")
    assert not regions.touched("instance.row:1", "instance", "2")
    assert regions.touched("instance.head:1", "operation", "7")
    assert regions.touched("instance.log:1/100", "consolelog", "1")


def test_metrics_are_heard_by_those_who_may_see(project, scope):
    instance = factories.instance(project)
    assert render(scope, f"instance.metrics:{instance.pk}") == ""
    assert render(factories.scope(factories.project("Other")), f"instance.metrics:{instance.pk}") is None


def test_flavor_rows_are_for_staff(scope):
    flavor = factories.flavor("tiny")
    assert render(scope, f"flavor.row:{flavor.pk}") is None
    assert "tiny" in render(Scope(is_staff=True), f"flavor.row:{flavor.pk}")


def test_image_and_network_regions(project, scope):
    image = factories.image(project)
    network = factories.network()
    stranger = factories.scope(factories.project("Other"))
    assert image.name in render(scope, f"image.row:{image.pk}")
    assert image.name in render(scope, f"image:{image.pk}")
    assert render(stranger, f"image.row:{image.pk}") is None
    assert render(stranger, f"image:{image.pk}") is None
    assert network.name in render(scope, f"network.row:{network.pk}")

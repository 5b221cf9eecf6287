"""Pages of networks."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from networking.models.networks import Network
from tests import factories

pytestmark = pytest.mark.django_db


def test_networks_and_their_ports(django_assert_max_num_queries):
    project, other = factories.project("Demo"), factories.project("Other")
    client = Client()
    client.force_login(factories.member(project))
    listing = reverse("project:networks", args=[project.slug])
    assert "No network yet" in client.get(listing).content.decode()
    mine = factories.instance(project, "mine")
    factories.instance(other, "theirs")
    private = Network.unscoped.create(project=other, name="private", libvirt_name="private")
    with django_assert_max_num_queries(15):
        html = client.get(listing).content.decode()
    assert "10.99.0.0/24" in html
    assert "private" not in html
    page = client.get(reverse("project:network", args=[project.slug, factories.network().pk])).content.decode()
    assert reverse("project:instance", args=[project.slug, mine.pk]) in page
    assert "theirs" not in page
    assert client.get(reverse("project:network", args=[project.slug, private.pk])).status_code == 404

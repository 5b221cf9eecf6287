"""The charts of an instance."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db

POINTS = [{"t": 1000.0 + n, "cpu": 5.0, "mem": 90.0, "rd": 1, "wr": 2, "rx": 3, "tx": 4} for n in range(3)]


@pytest.fixture
def shown(monkeypatch):
    project = factories.project("Demo")
    client = Client()
    client.force_login(factories.member(project))
    instance = factories.instance(project)

    def get(points):
        monkeypatch.setattr("monitoring.views.samples_read", lambda _instance_id: points)
        return instance, client.get(reverse("project:instance-metrics", args=[project.slug, instance.pk]))

    return get


def test_charts_carry_their_points(shown):
    instance, response = shown(POINTS)
    html = response.content.decode()
    assert html.count(f'data-chart="instance.metrics:{instance.pk}"') == 4
    specs = [
        json.loads(text) for text in re.findall(r'<script[^>]*type="application/json">(\{"unit".*?)</script>', html)
    ]
    assert [spec["unit"] for spec in specs] == ["percent", "mib", "rate", "rate"]
    assert specs[2]["points"][0] == {"t": 1000.0, "rd": 1, "wr": 2}


def test_silence_is_explained(shown):
    _instance, response = shown([])
    assert "No measurements yet" in response.content.decode()

"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import path  # noqa: F401

from console.fleet.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them

urlpatterns: list = []
project_urlpatterns: list = []
fleet_urlpatterns: list = []

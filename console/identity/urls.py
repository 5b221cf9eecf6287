"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import path  # noqa: F401

urlpatterns: list = []
project_urlpatterns: list = []
fleet_urlpatterns: list = []
api_urlpatterns: list = []

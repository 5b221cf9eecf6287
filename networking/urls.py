"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import path

from networking import views
from networking.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them

urlpatterns: list = []
project_urlpatterns: list = [
    path("networks/", views.network_list_page, name="networks"),
    path("networks/<uuid:network_id>/", views.detail, name="network"),
]
fleet_urlpatterns: list = []

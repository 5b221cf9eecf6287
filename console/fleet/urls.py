"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import URLPattern, path

from console.fleet import views
from console.fleet.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them

urlpatterns: list[URLPattern] = []
project_urlpatterns: list[URLPattern] = []
fleet_urlpatterns: list[URLPattern] = [
    path("hosts/", views.hosts, name="hosts"),
    path("hosts/new/", views.host_create_view, name="host-create"),
    path("hosts/<uuid:host_id>/", views.host_overview, name="host"),
    path("hosts/<uuid:host_id>/instances/", views.host_instances, name="host-instances"),
    path("hosts/<uuid:host_id>/unmanaged/", views.host_unmanaged, name="host-unmanaged"),
    path("hosts/<uuid:host_id>/settings/", views.host_settings, name="host-settings"),
    path("hosts/<uuid:host_id>/enable/", views.host_enable, name="host-enable"),
    path("hosts/<uuid:host_id>/enrol/", views.host_enrol_view, name="host-enrol"),
    path("hosts/<uuid:host_id>/delete/", views.host_delete_view, name="host-delete"),
    path("unmanaged/", views.unmanaged, name="unmanaged"),
]

"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import URLPattern, path

from console.operations import views
from console.operations.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them

_roofed: list[URLPattern] = [
    path("operations/", views.operations, name="operations"),
    path("operations/<uuid:operation_id>/", views.operation, name="operation"),
    path("operations/<uuid:operation_id>/cancel/", views.cancel, name="operation-cancel"),
    path("operations/<uuid:operation_id>/retry/", views.retry, name="operation-retry"),
]

urlpatterns: list[URLPattern] = [path("tasks/", views.task_drawer, name="tasks")]
project_urlpatterns: list[URLPattern] = [*_roofed, path("tasks/", views.task_drawer, name="tasks")]
fleet_urlpatterns: list[URLPattern] = _roofed

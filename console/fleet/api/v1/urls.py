"""Addresses of hosts under /api/v1/."""

from console.fleet.api.v1 import views
from console.identity.api.kit import route

urlpatterns = [
    route("hosts", views.HostsView, "hosts"),
    route("hosts/<uuid:host_id>", views.HostView, "host"),
    route("hosts/<uuid:host_id>/enrol", views.HostEnrolView, "host-enrol"),
]

"""Addresses of networks under /api/v1/."""

from console.identity.api.kit import route
from networking.api.v1 import views

urlpatterns = [
    route("networks", views.NetworksView, "networks"),
    route("networks/<uuid:network_id>", views.NetworkView, "network"),
]

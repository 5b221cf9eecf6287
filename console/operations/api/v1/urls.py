"""Addresses of operations under /api/v1/."""

from console.identity.api.kit import route
from console.operations.api.v1 import views

urlpatterns = [
    route("operations", views.OperationsView, "operations"),
    route("operations/<uuid:operation_id>", views.OperationView, "operation"),
    route("operations/<uuid:operation_id>/cancel", views.OperationCancelView, "operation-cancel"),
    route("operations/<uuid:operation_id>/retry", views.OperationRetryView, "operation-retry"),
]

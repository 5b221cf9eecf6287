"""REST v1: operations."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from console.core.scope import Scope
from console.identity.api.fields import NoFields
from console.identity.api.kit import ApiView
from console.identity.api.paging import by_id, exactly, one_of
from console.identity.api.schema import describe, page_of
from console.operations.api.answers import OperationDetailSerializer, OperationSerializer, accepted
from console.operations.models.operations import Operation, State
from console.operations.selectors import operation_get, operation_list
from console.operations.services.operations import operation_cancel, operation_retry

_FILTERS = {
    "state": one_of(State.values, column="state"),
    "kind": exactly("kind"),
    "target_id": by_id("target_id"),
    "request_id": exactly("request_id"),
}


class OperationsView(ApiView):
    @describe("operation_list", "List operations", answers={200: page_of(OperationSerializer)}, filters=_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(operation_list(self.scope), OperationSerializer, _FILTERS)


class OperationView(ApiView):
    """One operation. Staff reach every one by its id: those on hosts belong to no project."""

    @describe("operation_get", "Show an operation with its steps", answers={200: OperationDetailSerializer})
    def get(self, _request: Request, operation_id: uuid.UUID) -> Response:
        operation = operation_get(self.wide_scope, operation_id=operation_id)
        return Response(self.shown(OperationDetailSerializer, operation))


class _OperationAct(ApiView):
    """Something told to an operation: answered with the operation itself."""

    def tell(self, operation_id: uuid.UUID, act: Callable[..., Operation]) -> Response:
        self.body(NoFields)

        def told(scope: Scope) -> Response:
            return accepted(self, act(scope, operation_id=operation_id))

        scope = self.wide_scope
        return self.once(told, lambda _found: accepted(self, operation_get(scope, operation_id=operation_id)), scope)


class OperationCancelView(_OperationAct):
    @describe("operation_cancel", "Cancel an operation: it takes back what it did", answers={202: OperationSerializer})
    def post(self, _request: Request, operation_id: uuid.UUID) -> Response:
        return self.tell(operation_id, operation_cancel)


class OperationRetryView(_OperationAct):
    @describe("operation_retry", "Run a failed or waiting operation again", answers={202: OperationSerializer})
    def post(self, _request: Request, operation_id: uuid.UUID) -> Response:
        return self.tell(operation_id, operation_retry)

"""REST v1: hosts, for staff."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from console.core.scope import Scope
from console.fleet.api.v1.serializers import (
    HostAcceptedSerializer,
    HostCreateSerializer,
    HostSerializer,
    HostUpdateSerializer,
)
from console.fleet.selectors import host_get, host_list
from console.fleet.services.hosts import host_create, host_delete, host_enrol, host_update
from console.identity.api.fields import NoFields
from console.identity.api.kit import ApiView
from console.identity.api.paging import exactly, yes_or_no
from console.identity.api.schema import describe, page_of
from console.identity.models.audit import AnsweredRequest
from console.operations.api.answers import OperationSerializer, accepted, replayed

_FILTERS = {
    "name": exactly("name"),
    "uri": exactly("uri"),
    "enabled": yes_or_no("enabled"),
    "reachable": yes_or_no("reachable"),
}


class HostsView(ApiView):
    fleet = True

    @describe("host_list", "List hosts", answers={200: page_of(HostSerializer)}, filters=_FILTERS, fleet=True)
    def get(self, _request: Request) -> Response:
        return self.paged(host_list(self.scope), HostSerializer, _FILTERS)

    @describe(
        "host_create",
        "Add a host and begin to enrol it",
        request=HostCreateSerializer,
        answers={202: HostAcceptedSerializer},
        fleet=True,
    )
    def post(self, _request: Request) -> Response:
        body = self.body(HostCreateSerializer)

        def act(scope: Scope) -> Response:
            host, operation = host_create(scope, **body)
            return accepted(self, operation, host=self.shown(HostSerializer, host))

        def replay(found: AnsweredRequest) -> Response:
            host = host_get(self.scope, host_id=found.target_id or "")
            return replayed(self, self.scope, found, host=self.shown(HostSerializer, host))

        return self.once(act, replay)


class HostView(ApiView):
    fleet = True

    @describe("host_get", "Show a host", answers={200: HostSerializer}, fleet=True)
    def get(self, _request: Request, host_id: uuid.UUID) -> Response:
        return Response(self.shown(HostSerializer, host_get(self.scope, host_id=host_id)))

    @describe(
        "host_update",
        "Rename, enable or disable a host, or set its overcommit",
        request=HostUpdateSerializer,
        answers={200: HostSerializer},
        fleet=True,
    )
    def patch(self, _request: Request, host_id: uuid.UUID) -> Response:
        host = host_update(self.scope, host_id=host_id, **self.body(HostUpdateSerializer))
        return Response(self.shown(HostSerializer, host))

    @describe("host_delete", "Forget a host that holds nothing of ours", answers={204: None}, fleet=True)
    def delete(self, _request: Request, host_id: uuid.UUID) -> Response:
        host_delete(self.scope, host_id=host_id)
        return Response(status=204)


class HostEnrolView(ApiView):
    fleet = True

    @describe("host_enrol", "Test a host again, step by step", answers={202: OperationSerializer}, fleet=True)
    def post(self, _request: Request, host_id: uuid.UUID) -> Response:
        self.body(NoFields)
        return self.once(
            lambda scope: accepted(self, host_enrol(scope, host_id=host_id)),
            lambda found: replayed(self, self.scope, found),
        )

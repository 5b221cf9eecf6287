"""REST v1: networks."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from console.identity.api.kit import ApiView
from console.identity.api.paging import exactly, yes_or_no
from console.identity.api.schema import describe, page_of
from networking.api.v1.serializers import NetworkSerializer
from networking.selectors import network_get, network_list

_FILTERS = {"name": exactly("name"), "is_default": yes_or_no("is_default")}


class NetworksView(ApiView):
    @describe("network_list", "List networks", answers={200: page_of(NetworkSerializer)}, filters=_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(network_list(self.scope), NetworkSerializer, _FILTERS)


class NetworkView(ApiView):
    @describe("network_get", "Show a network", answers={200: NetworkSerializer})
    def get(self, _request: Request, network_id: uuid.UUID) -> Response:
        return Response(self.shown(NetworkSerializer, network_get(self.scope, network_id=network_id)))

"""REST v1: instances and their consoles."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from compute.api.v1.serializers import (
    ConsoleLogSerializer,
    ConsoleRequestSerializer,
    ConsoleSerializer,
    InstanceAcceptedSerializer,
    InstanceCreateSerializer,
    InstanceRebootSerializer,
    InstancesAcceptedSerializer,
    InstanceSerializer,
    InstanceStopSerializer,
    InstanceUpdateSerializer,
)
from compute.selectors import console_log, instance_get, instance_list, with_status
from compute.services.consoles import console_ticket
from compute.services.instances import (
    InstanceSpec,
    instance_create,
    instance_delete,
    instance_reboot,
    instance_start,
    instance_stop,
    instance_update,
)
from compute.states import InstanceStatus
from console.core.errors import Invalid, NotFound
from console.core.scope import Scope
from console.identity.api.fields import NoFields
from console.identity.api.kit import ApiView, secret_is_gone
from console.identity.api.paging import by_id, exactly, one_of
from console.identity.api.schema import describe, page_of
from console.identity.models.audit import AnsweredRequest
from console.operations.api.answers import OperationSerializer, accepted, accepted_all, operations_of, replayed
from console.operations.models.operations import Operation

_FILTERS = {
    "name": exactly("name"),
    "status": one_of(InstanceStatus.values, with_status),
    "flavor": by_id("flavor_id"),
    "image": by_id("image_id"),
}
_STAFF_FILTERS = {**_FILTERS, "host": by_id("host_id"), "project": by_id("project_id")}
_LINES = 200
_MOST_LINES = 10_000


class _InstanceView(ApiView):
    """What all views of instances share."""

    def one(self, instance_id: uuid.UUID) -> dict[str, Any]:
        shown: dict[str, Any] = self.shown(InstanceSerializer, instance_get(self.scope, instance_id=instance_id))
        return shown

    def one_or_none(self, instance_id: uuid.UUID) -> dict[str, Any] | None:
        try:
            return self.one(instance_id)
        except NotFound:
            return None


class InstancesView(_InstanceView):
    @describe("instance_list", "List instances", answers={200: page_of(InstanceSerializer)}, filters=_STAFF_FILTERS)
    def get(self, _request: Request) -> Response:
        filters = _STAFF_FILTERS if self.scope.is_staff else _FILTERS
        return self.paged(instance_list(self.scope), InstanceSerializer, filters)

    @describe(
        "instance_create",
        "Create instances",
        request=InstanceCreateSerializer,
        answers={
            202: PolymorphicProxySerializer(
                "InstanceCreateAccepted",
                [InstanceAcceptedSerializer, InstancesAcceptedSerializer],
                resource_type_field_name=None,
            )
        },
    )
    def post(self, _request: Request) -> Response:
        body = self.body(InstanceCreateSerializer)
        spec = InstanceSpec(**{name: value for name, value in body.items() if value is not None})

        def act(scope: Scope) -> Response:
            return self._accepted(instance_create(scope, spec)[1])

        return self.once(act, lambda found: self._accepted(operations_of(self.scope, found)))

    def _accepted(self, operations: list[Operation]) -> Response:
        if not operations:
            raise NotFound(_("The operations of that request are gone."))
        instances = [self.one_or_none(operation.target_id) for operation in operations]
        if len(operations) == 1:
            return accepted(self, operations[0], instance=instances[0])
        return accepted_all(self, operations, instances=[instance for instance in instances if instance])


class InstanceView(_InstanceView):
    @describe("instance_get", "Show an instance", answers={200: InstanceSerializer})
    def get(self, _request: Request, instance_id: uuid.UUID) -> Response:
        return Response(self.one(instance_id))

    @describe(
        "instance_update",
        "Rename or describe an instance",
        request=InstanceUpdateSerializer,
        answers={200: InstanceSerializer},
    )
    def patch(self, _request: Request, instance_id: uuid.UUID) -> Response:
        instance_update(self.scope, instance_id=instance_id, **self.body(InstanceUpdateSerializer))
        return Response(self.one(instance_id))

    @describe("instance_delete", "Delete an instance with its disks", answers={202: OperationSerializer})
    def delete(self, _request: Request, instance_id: uuid.UUID) -> Response:
        return accepted(self, instance_delete(self.scope, instance_id=instance_id))


class _InstanceActView(_InstanceView):
    """Something that is done to an instance by an operation."""

    def do(self, instance_id: uuid.UUID, act: Callable[..., Operation], taken: type[Serializer] = NoFields) -> Response:
        params = self.body(taken)

        def begun(scope: Scope) -> Response:
            operation = act(scope, instance_id=instance_id, **params)
            return accepted(self, operation, instance=self.one_or_none(instance_id))

        def replay(found: AnsweredRequest) -> Response:
            return replayed(self, self.scope, found, instance=self.one_or_none(instance_id))

        return self.once(begun, replay)


class InstanceStartView(_InstanceActView):
    @describe("instance_start", "Start a guest that is off", answers={202: InstanceAcceptedSerializer})
    def post(self, _request: Request, instance_id: uuid.UUID) -> Response:
        return self.do(instance_id, instance_start)


class InstanceStopView(_InstanceActView):
    @describe(
        "instance_stop",
        "Press the power button, and pull the plug when the time is over",
        request=InstanceStopSerializer,
        answers={202: InstanceAcceptedSerializer},
    )
    def post(self, _request: Request, instance_id: uuid.UUID) -> Response:
        return self.do(instance_id, instance_stop, InstanceStopSerializer)


class InstanceRebootView(_InstanceActView):
    @describe(
        "instance_reboot",
        "Ask the guest to restart, or reset it",
        request=InstanceRebootSerializer,
        answers={202: InstanceAcceptedSerializer},
    )
    def post(self, _request: Request, instance_id: uuid.UUID) -> Response:
        return self.do(instance_id, instance_reboot, InstanceRebootSerializer)


class InstanceConsoleView(ApiView):
    @describe(
        "instance_console",
        "Open a console: a WebSocket address for one use",
        request=ConsoleRequestSerializer,
        answers={201: ConsoleSerializer},
    )
    def post(self, request: Request, instance_id: uuid.UUID) -> Response:
        kind = self.body(ConsoleRequestSerializer)["type"]

        def act(scope: Scope) -> Response:
            expires_at = timezone.now() + datetime.timedelta(seconds=settings.CONSOLE_TICKET_SECONDS)
            ticket = console_ticket(scope, instance_id=instance_id, kind=kind)
            url = request.build_absolute_uri(f"/ws/console/{ticket}/").replace("http", "ws", 1)
            shown = {"url": url, "type": kind, "expires_at": expires_at}
            return Response(self.shown(ConsoleSerializer, shown), status=201, headers={"Location": url})

        return self.once(act, secret_is_gone)


class InstanceConsoleLogView(ApiView):
    @describe(
        "instance_console_log",
        "Show the end of the serial console's output",
        answers={200: ConsoleLogSerializer},
        query=(OpenApiParameter("lines", int, description=f"1 to {_MOST_LINES}; {_LINES}, if left out."),),
    )
    def get(self, request: Request, instance_id: uuid.UUID) -> Response:
        text = request.query_params.get("lines", str(_LINES))
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= _MOST_LINES):
            raise Invalid.field("lines", _("This must be a whole number from 1 to %(most)d.") % {"most": _MOST_LINES})
        return Response({"output": console_log(self.scope, instance_id=instance_id, lines=int(text))})

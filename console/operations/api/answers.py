"""Operations as REST v1 shows them, and the 202 that slow acts are answered with."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from console.core.scope import Scope
from console.identity.api.kit import ApiView
from console.identity.models.audit import AnsweredRequest
from console.operations.models.operations import Operation, State
from console.operations.registry import label_of
from console.operations.selectors import operation_list


class OperationTargetSerializer(serializers.Serializer):
    type = serializers.CharField()
    id = serializers.UUIDField()
    name = serializers.CharField()


class OperationErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField()


class OperationSerializer(serializers.Serializer):
    """A slow act, and how far it is."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    label = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=State.choices)
    step = serializers.CharField()
    step_number = serializers.IntegerField()
    step_count = serializers.IntegerField()
    progress = serializers.IntegerField(source="percent")
    target = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    actor = serializers.SerializerMethodField()
    request_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_label(self, operation: Operation) -> str:
        return str(label_of(operation.kind))

    @extend_schema_field(OperationTargetSerializer)
    def get_target(self, operation: Operation) -> dict[str, str]:
        return {"type": operation.target_type, "id": str(operation.target_id), "name": operation.target_name}

    @extend_schema_field(OperationErrorSerializer(allow_null=True))
    def get_error(self, operation: Operation) -> dict[str, str] | None:
        if not operation.error_code:
            return None
        return {"code": operation.error_code, "message": operation.error_message, "hint": operation.error_hint}

    def get_actor(self, operation: Operation) -> str:
        return operation.actor.username if operation.actor else ""


def accepted(view: ApiView, operation: Operation, **extra: Any) -> Response:
    """202 with the operation and its Location."""
    body = {**OperationSerializer(operation).data, **extra}
    return Response(body, status=202, headers={"Location": view.location("operation", operation_id=operation.pk)})


def accepted_all(view: ApiView, operations: list[Operation]) -> Response:
    """202 for several at once: a list of operations; Location leads to all of the request."""
    where = f"{view.location('operations')}?request_id={operations[0].request_id}"
    body = {"results": OperationSerializer(operations, many=True).data, "next": None}
    return Response(body, status=202, headers={"Location": where})


def replayed(view: ApiView, scope: Scope, answered: AnsweredRequest) -> Response:
    """The 202 of a request that was accepted before, with its operations as they stand now."""
    rows = {str(row.pk): row for row in operation_list(scope).filter(pk__in=answered.operation_ids)}
    operations = [rows[operation_id] for operation_id in answered.operation_ids if operation_id in rows]
    if len(operations) == 1:
        return accepted(view, operations[0])
    return accepted_all(view, operations)

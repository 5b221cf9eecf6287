"""Operations as REST v1 shows them, and the 202 that slow acts are answered with."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from console.core.errors import NotFound
from console.core.scope import Scope
from console.identity.api.kit import ApiView
from console.identity.models.audit import AnsweredRequest
from console.operations.models.operations import Operation, OperationStep, State
from console.operations.registry import label_of, step_label
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
    label = serializers.SerializerMethodField(help_text="The kind in words.")  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=State.choices)
    step = serializers.CharField()
    step_number = serializers.IntegerField()
    step_count = serializers.IntegerField()
    progress = serializers.IntegerField(source="percent", help_text="Over all steps, in per cent.")
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


class OperationStepSerializer(serializers.Serializer):
    """One step that was begun."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    state = serializers.CharField(help_text="running, done, failed or undone")
    note = serializers.CharField()
    attempt = serializers.IntegerField()
    started_at = serializers.DateTimeField(source="created_at")
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_label(self, step: OperationStep) -> str:
        return str(step_label(step.operation.kind, step.name))


class OperationDetailSerializer(OperationSerializer):
    """A slow act with its journal."""

    steps = serializers.SerializerMethodField()

    @extend_schema_field(OperationStepSerializer(many=True))
    def get_steps(self, operation: Operation) -> Any:
        return OperationStepSerializer(operation.steps.select_related("operation"), many=True).data


def accepted(view: ApiView, operation: Operation, **extra: Any) -> Response:
    """202 with the operation and its Location."""
    body = {**OperationSerializer(operation).data, **extra}
    return Response(body, status=202, headers={"Location": view.location("operation", operation_id=operation.pk)})


def accepted_all(view: ApiView, operations: list[Operation], **extra: Any) -> Response:
    """202 for several at once: a list of operations; Location leads to all of the request."""
    where = f"{view.location('operations')}?request_id={operations[0].request_id}"
    body = {"results": OperationSerializer(operations, many=True).data, "next": None, **extra}
    return Response(body, status=202, headers={"Location": where})


def operations_of(scope: Scope, answered: AnsweredRequest) -> list[Operation]:
    """The operations that a request began, as they stand now."""
    rows = {str(row.pk): row for row in operation_list(scope).filter(pk__in=answered.operation_ids)}
    return [rows[operation_id] for operation_id in answered.operation_ids if operation_id in rows]


def replayed(view: ApiView, scope: Scope, answered: AnsweredRequest, **extra: Any) -> Response:
    """The 202 of a request that was accepted before, with its operation as it stands now."""
    operations = operations_of(scope, answered)
    if not operations:
        raise NotFound(_("The operation of that request is gone."))
    return accepted(view, operations[0], **extra)

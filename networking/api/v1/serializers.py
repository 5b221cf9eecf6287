"""REST v1: what networks look like."""

from __future__ import annotations

from rest_framework import serializers

from networking.models.networks import Network


class NetworkSerializer(serializers.Serializer):
    """A network that instances hang on. Without a project it is shared by all."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    cidr = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Taken where a create names none.")
    shared = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_shared(self, network: Network) -> bool:
        return network.project_id is None

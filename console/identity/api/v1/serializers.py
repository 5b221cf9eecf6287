"""REST v1: what projects, members, tokens, users, quotas and audit events look like."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from console.core.scope import Role
from console.identity.api.fields import Flag, Id, RawText, Text, Whole
from console.identity.models.audit import AuditEvent, Outcome
from console.identity.models.projects import Resource

_ROLES = [role.value for role in Role]


class ProjectSerializer(serializers.Serializer):
    """A tenant."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField(help_text="Its address among the pages: /p/<slug>/")
    description = serializers.CharField()
    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProjectCreateSerializer(serializers.Serializer):
    name = Text()
    description = RawText()


class ProjectUpdateSerializer(serializers.Serializer):
    name = Text(required=False)
    description = RawText()
    enabled = Flag(required=False)


class MemberUserSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    username = serializers.CharField()
    full_name = serializers.CharField()


class MemberSerializer(serializers.Serializer):
    """A user's role in the project."""

    id = serializers.UUIDField()
    user = MemberUserSerializer()
    role = serializers.ChoiceField(choices=_ROLES)
    created_at = serializers.DateTimeField()


class MemberSetSerializer(serializers.Serializer):
    username = Text()
    role = Text(help_text="reader, member or admin")


class TokenSerializer(serializers.Serializer):
    """An API token; never its secret."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    user = serializers.CharField(source="user.username")
    project = serializers.UUIDField(source="project_id")
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class TokenMadeSerializer(TokenSerializer):
    """An API token with its secret, which is shown this once."""

    token = serializers.CharField()


class TokenCreateSerializer(serializers.Serializer):
    name = Text()
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class UserSerializer(serializers.Serializer):
    """A person who can sign in."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    full_name = serializers.CharField()
    email = serializers.CharField()
    is_staff = serializers.BooleanField()
    is_active = serializers.BooleanField()
    last_login = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField(source="date_joined")


class UserMadeSerializer(UserSerializer):
    """A user with the password that was generated, which is shown this once; empty where one was given."""

    password = serializers.CharField()


class _Email(serializers.EmailField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        value: str = super().to_internal_value(data)
        return value


class UserCreateSerializer(serializers.Serializer):
    username = Text()
    password = Text(required=False, allow_null=True, max_length=256, trim_whitespace=False)
    email = _Email(required=False, allow_blank=True, max_length=254)
    full_name = Text(required=False, allow_blank=True, max_length=150)
    is_staff = Flag(required=False)


class UserUpdateSerializer(serializers.Serializer):
    email = _Email(required=False, allow_blank=True, max_length=254)
    full_name = Text(required=False, allow_blank=True, max_length=150)
    is_staff = Flag(required=False)
    is_active = Flag(required=False)


class PasswordSerializer(serializers.Serializer):
    """A generated password, shown this once."""

    password = serializers.CharField()


class QuotaSerializer(serializers.Serializer):
    """How much of one resource a project may use, and uses."""

    resource = serializers.ChoiceField(choices=Resource.choices)
    limit = serializers.IntegerField(help_text="-1: no limit")
    used = serializers.IntegerField()
    left = serializers.IntegerField(allow_null=True, help_text="null: no limit")
    project = serializers.UUIDField(source="project_id")


class QuotaUpdateSerializer(serializers.Serializer):
    """New limits; -1 for none. What is left out stays."""

    instances = Whole(required=False)
    vcpus = Whole(required=False)
    ram_mib = Whole(required=False)
    volumes = Whole(required=False)
    gigabytes = Whole(required=False)
    project = Id(required=False, help_text="The token's project, if left out.")


class AuditTargetSerializer(serializers.Serializer):
    type = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class AuditEventSerializer(serializers.Serializer):
    """One act: who did what to what, and how it ended."""

    id = serializers.UUIDField()
    action = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    actor = serializers.CharField(source="actor_name")
    project = serializers.UUIDField(source="project_id", allow_null=True)
    target = serializers.SerializerMethodField()
    request_id = serializers.CharField()
    detail = serializers.DictField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(AuditTargetSerializer)
    def get_target(self, event: AuditEvent) -> dict[str, Any]:
        return {
            "type": event.target_type,
            "id": str(event.target_id) if event.target_id else None,
            "name": event.target_name,
        }

"""REST v1: what images look like."""

from __future__ import annotations

from rest_framework import serializers

from console.identity.api.fields import RawText, Text, Whole
from console.operations.api.answers import OperationSerializer
from storage.models.images import Format, Visibility
from storage.states import ImageStatus


class ImageSerializer(serializers.Serializer):
    """A disk image. Sizes in bytes."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    status = serializers.ChoiceField(choices=ImageStatus.choices)
    trouble = serializers.CharField(help_text="Why it is in error, in words.")
    format = serializers.ChoiceField(choices=Format.choices)
    size = serializers.IntegerField(help_text="Of the file.")
    virtual_size = serializers.IntegerField(help_text="Of the disk.")
    checksum = serializers.CharField(help_text="SHA-256 of the file.")
    min_memory_mib = serializers.IntegerField()
    project = serializers.UUIDField(source="project_id")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ImageCreateSerializer(serializers.Serializer):
    name = Text()
    format = Text(help_text="qcow2 or raw")
    description = RawText(allow_null=True)
    visibility = Text(required=False, help_text="private, or for staff also public")
    checksum = Text(required=False, allow_blank=True, help_text="SHA-256; the file is held against it.")
    size = Whole(required=False, allow_null=True, help_text="Bytes; the file is held against it.")
    min_memory_mib = Whole(required=False)


class ImageUpdateSerializer(serializers.Serializer):
    name = Text(required=False)
    description = RawText()
    visibility = Text(required=False, help_text="private, or for staff also public")
    min_memory_mib = Whole(required=False)


class ImageAcceptedSerializer(OperationSerializer):
    """The check of an image's file, and the image."""

    image = ImageSerializer()

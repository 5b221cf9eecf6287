"""REST v1: what instances, flavors and key pairs look like."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from compute.models.instances import Instance
from compute.services.consoles import KINDS
from compute.states import InstanceStatus
from console.identity.api.fields import Flag, Id, RawText, Text, Whole
from console.operations.api.answers import OperationSerializer


class ReferenceSerializer(serializers.Serializer):
    """Another thing, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class AddressSerializer(serializers.Serializer):
    """An address that DHCP gave out, and the network card that has it."""

    address = serializers.CharField()
    mac = serializers.CharField()
    network = serializers.CharField()


class TroubleSerializer(serializers.Serializer):
    """Why the last operation failed."""

    message = serializers.CharField()
    hint = serializers.CharField()


class InstanceSerializer(serializers.Serializer):
    """A guest. Its id is the domain's UUID. Memory in MiB, disk in GiB."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=InstanceStatus.choices, source="shown")
    addresses = serializers.SerializerMethodField()
    flavor = ReferenceSerializer(allow_null=True)
    image = ReferenceSerializer(allow_null=True)
    vcpus = serializers.IntegerField()
    memory_mib = serializers.IntegerField()
    disk_gib = serializers.IntegerField()
    key_name = serializers.CharField()
    host = ReferenceSerializer(allow_null=True, required=False, help_text="Staff only.")
    project = serializers.UUIDField(source="project_id")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    trouble = serializers.SerializerMethodField()

    @extend_schema_field(AddressSerializer(many=True))
    def get_addresses(self, instance: Instance) -> list[dict[str, Any]]:
        return [
            {"address": port.address, "mac": port.mac, "network": port.network.name}
            for port in instance.port_rows
            if port.address
        ]

    @extend_schema_field(TroubleSerializer(allow_null=True))
    def get_trouble(self, instance: Instance) -> dict[str, str] | None:
        return {"message": instance.trouble, "hint": instance.trouble_hint} if instance.trouble else None

    def to_representation(self, instance: Instance) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context["scope"].is_staff:
            shown.pop("host")
        return shown


class InstanceCreateSerializer(serializers.Serializer):
    name = Text(help_text="With a count above 1, -1, -2 ... is appended.")
    image = Id()
    flavor = Id()
    network = Id(required=False, allow_null=True, help_text="The default network, if left out.")
    key_pair = Id(required=False, allow_null=True)
    user_data = RawText(allow_null=True, help_text="For cloud-init, up to 64 KiB.")
    description = RawText(allow_null=True)
    count = Whole(required=False, help_text="1 to 20; all or none are made.")


class InstanceUpdateSerializer(serializers.Serializer):
    name = Text(required=False)
    description = RawText()


class InstanceStopSerializer(serializers.Serializer):
    force = Flag(required=False, help_text="Pull the plug at once.")
    timeout = Whole(required=False, help_text="Seconds until the plug is pulled on a guest that does not stop.")


class InstanceRebootSerializer(serializers.Serializer):
    hard = Flag(required=False, help_text="Reset the guest instead of asking it.")


class InstanceAcceptedSerializer(OperationSerializer):
    """What is done to an instance, and the instance."""

    instance = InstanceSerializer(allow_null=True)


class InstancesAcceptedSerializer(serializers.Serializer):
    """With a count above 1: an operation for each instance."""

    results = OperationSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    instances = InstanceSerializer(many=True)


class ConsoleRequestSerializer(serializers.Serializer):
    type = Text(help_text=" or ".join(KINDS))


class ConsoleSerializer(serializers.Serializer):
    """Where the console is: for one use, for some seconds."""

    url = serializers.CharField(help_text="A WebSocket address; binary frames.")
    type = serializers.ChoiceField(choices=KINDS)
    expires_at = serializers.DateTimeField()


class ConsoleLogSerializer(serializers.Serializer):
    """The end of the serial console's output."""

    output = serializers.CharField()


class AdoptSerializer(serializers.Serializer):
    project = Id(required=False, help_text="The token's project, if left out.")


class FlavorSerializer(serializers.Serializer):
    """A size. Memory in MiB, disk in GiB."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    vcpus = serializers.IntegerField()
    memory_mib = serializers.IntegerField()
    disk_gib = serializers.IntegerField()
    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class FlavorCreateSerializer(serializers.Serializer):
    name = Text()
    vcpus = Whole()
    memory_mib = Whole()
    disk_gib = Whole()
    description = RawText()


class FlavorUpdateSerializer(serializers.Serializer):
    name = Text(required=False)
    vcpus = Whole(required=False)
    memory_mib = Whole(required=False)
    disk_gib = Whole(required=False)
    description = RawText()
    enabled = Flag(required=False)


class KeyPairSerializer(serializers.Serializer):
    """An SSH public key of the caller."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    type = serializers.CharField(source="key_type")
    fingerprint = serializers.CharField()
    public_key = serializers.CharField()
    created_at = serializers.DateTimeField()


class KeyPairCreateSerializer(serializers.Serializer):
    name = Text()
    public_key = RawText(allow_null=True, help_text="In OpenSSH form; left out, a pair is made.")


class KeyPairMadeSerializer(KeyPairSerializer):
    """A key pair; with the private key, shown this once, where the pair was made here."""

    private_key = serializers.CharField(required=False)

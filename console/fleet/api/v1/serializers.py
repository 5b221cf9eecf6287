"""REST v1: what hosts and unmanaged domains look like."""

from __future__ import annotations

from rest_framework import serializers

from console.fleet.states import HostStatus
from console.identity.api.fields import Flag, Number, Text, Whole
from console.operations.api.answers import OperationSerializer


class HostSerializer(serializers.Serializer):
    """A libvirt host. Memory in MiB, the pool in bytes."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    uri = serializers.CharField()
    status = serializers.ChoiceField(choices=HostStatus.choices)
    enabled = serializers.BooleanField()
    last_seen = serializers.DateTimeField(allow_null=True)
    trouble = serializers.CharField(help_text="Why it cannot be reached, in words.")
    arch = serializers.CharField()
    cpu_model = serializers.CharField()
    accelerator = serializers.CharField(source="virt_type", help_text="kvm, qemu, or empty before enrolment")
    libvirt_version = serializers.CharField()
    qemu_version = serializers.CharField()
    cpus = serializers.IntegerField()
    memory_mib = serializers.IntegerField()
    reserved_memory_mib = serializers.IntegerField(help_text="Kept for the host itself.")
    vcpu_overcommit = serializers.FloatField()
    memory_overcommit = serializers.FloatField()
    vcpu_capacity = serializers.IntegerField(help_text="With overcommit.")
    memory_capacity_mib = serializers.IntegerField(help_text="With overcommit, without what is kept for the host.")
    used_vcpus = serializers.IntegerField()
    used_memory_mib = serializers.IntegerField()
    pool_name = serializers.CharField()
    pool_path = serializers.CharField()
    pool_capacity = serializers.IntegerField()
    pool_available = serializers.IntegerField()
    network_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class HostCreateSerializer(serializers.Serializer):
    name = Text()
    uri = Text(help_text="e.g. qemu:///system or qemu+tls://host.example/system")
    pool_path = Text(required=False, allow_blank=True, help_text="Where disks go; a folder of our own, if left out.")


class HostUpdateSerializer(serializers.Serializer):
    name = Text(required=False)
    enabled = Flag(required=False)
    vcpu_overcommit = Number(required=False)
    memory_overcommit = Number(required=False)
    reserved_memory_mib = Whole(required=False)


class HostAcceptedSerializer(OperationSerializer):
    """The enrolment of a host, and the host."""

    host = HostSerializer()


class HostNameSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class UnmanagedDomainSerializer(serializers.Serializer):
    """A domain on a host that is not ours."""

    id = serializers.UUIDField()
    uuid = serializers.UUIDField(help_text="The domain's own UUID: the instance's id once it is adopted.")
    name = serializers.CharField()
    host = HostNameSerializer()
    power = serializers.CharField()
    vcpus = serializers.IntegerField()
    memory_mib = serializers.IntegerField()
    owner_installation = serializers.CharField(help_text="Another installation of Virtdeck that says it is its own.")
    created_at = serializers.DateTimeField()

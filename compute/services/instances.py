"""Instances: what people may do with them. Each act writes intent and an operation; workers do the rest."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from compute.models.instances import Instance
from compute.services.flavors import flavor_usable
from compute.services.key_pairs import key_pair_usable
from compute.services.status import settle
from console.core.bus import publish
from console.core.errors import Conflict, Invalid, NoCapacity, NotFound
from console.core.policies import require_role
from console.core.scope import Role, Scope
from console.core.validation import clean_int, clean_name, clean_text
from console.fleet.models.hosts import UnmanagedDomain
from console.fleet.services.placement import give_back, place, place_on, take_on
from console.identity.models.projects import Project, Resource
from console.identity.services.changes import Act, change, guard, record
from console.identity.services.quotas import quota_release, quota_reserve
from console.operations.models.operations import Operation
from console.operations.registry import label_of
from console.operations.services.operations import active_on, operation_cancel, submit
from networking.services.networks import network_for, port_create
from storage.models.images import Image
from storage.models.volumes import Volume
from storage.services.images import image_usable

MOST_AT_ONCE = 20
USER_DATA_BYTES = 64 * 1024
STOP_SECONDS = 60
_LONGEST_STOP = 3600


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """What somebody asks for. Ids may be UUIDs or their text; an empty network means the default one."""

    name: str
    image: uuid.UUID | str
    flavor: uuid.UUID | str
    network: uuid.UUID | str | None = None
    key_pair: uuid.UUID | str | None = None
    user_data: str = ""
    description: str = ""
    count: int = 1


def instance_create(scope: Scope, spec: InstanceSpec) -> tuple[list[Instance], list[Operation]]:
    """Make instances: all that were asked for, or none."""
    guard(scope, "instance.create", Role.MEMBER)
    if scope.project_id is None:
        raise NotFound(_("An instance belongs to a project."))
    name = clean_name(spec.name)
    count = clean_int(spec.count, field="count", low=1, high=MOST_AT_ONCE)
    user_data = clean_text(spec.user_data, field="user_data", limit_bytes=USER_DATA_BYTES)
    description = clean_text(spec.description, field="description", limit_bytes=255)
    with change(scope, "instance.create") as act:
        flavor = flavor_usable(scope, spec.flavor)
        image = image_usable(scope, image_id=spec.image)
        network = network_for(scope, spec.network)
        key_pair = key_pair_usable(scope, spec.key_pair) if spec.key_pair else None
        _check_fit(image, flavor.memory_mib, flavor.disk_gib)
        instances, operations = [], []
        for number in range(1, count + 1):
            instance = Instance(
                project_id=scope.project_id,
                created_by_id=scope.user_id,
                name=name if count == 1 else f"{name}-{number}",
                description=description,
                flavor=flavor,
                image=image,
                vcpus=flavor.vcpus,
                memory_mib=flavor.memory_mib,
                disk_gib=flavor.disk_gib,
                key_name=key_pair.name if key_pair else "",
                public_key=key_pair.public_key if key_pair else "",
                user_data=user_data,
            )
            instance.domain_name = f"instance-{instance.pk}"
            _charge_for(scope, instance)
            instance.save(force_insert=True)
            Volume.unscoped.create(
                project_id=scope.project_id,
                name=f"{instance.name} (root)"[:128],
                size_gib=flavor.disk_gib,
                host=instance.host,
                pool=instance.host.pool_name if instance.host else "",
                image=image,
                instance=instance,
            )
            port_create(project_id=scope.project_id, network=network, instance_id=instance.pk)
            operations.append(_begin(scope, act, instance, "instance.create"))
            instances.append(instance)
        _tell_of_all(scope, act, instances)
    return instances, operations


def _charge_for(scope: Scope, instance: Instance) -> None:
    """Charge; which hosts there are, and how full, is for staff to know."""
    try:
        charge(instance)
    except NoCapacity as refusal:
        if scope.is_staff:
            raise
        raise NoCapacity(_("No host has room for it now."), hint=refusal.hint) from refusal


def _check_fit(image: Image, memory_mib: int, disk_gib: int) -> None:
    if image.virtual_size > disk_gib * 1024**3:
        raise Invalid.field(
            "flavor",
            _("The image needs a disk of %(need)d GiB; the flavor has %(have)d GiB.")
            % {"need": -(-image.virtual_size // 1024**3), "have": disk_gib},
            hint=_("Choose a larger flavor."),
        )
    if image.min_memory_mib > memory_mib:
        raise Invalid.field(
            "flavor",
            _("The image needs %(need)d MiB of memory; the flavor has %(have)d MiB.")
            % {"need": image.min_memory_mib, "have": memory_mib},
            hint=_("Choose a larger flavor."),
        )


def _tell_of_all(scope: Scope, act: Act, instances: list[Instance]) -> None:
    """The first instance stands in the act's own audit event, each further one in one more."""
    act.about(instances[0], count=len(instances))
    for instance in instances[1:]:
        record(scope, act.action, target=instance, count=len(instances))


def _amounts(instance: Instance) -> dict[str, int]:
    amounts = {Resource.INSTANCES: 1, Resource.VCPUS: instance.vcpus, Resource.RAM: instance.memory_mib}
    if instance.disk_gib:
        amounts |= {Resource.VOLUMES: 1, Resource.GIGABYTES: instance.disk_gib}
    return {str(resource): amount for resource, amount in amounts.items()}


def charge(instance: Instance) -> None:
    """Take quota and a host's capacity for an instance, in the caller's transaction; the caller saves the row."""
    quota_reserve(instance.project_id, _amounts(instance))
    if instance.host is None:
        instance.host = place(vcpus=instance.vcpus, memory_mib=instance.memory_mib)
    elif instance.adopted:
        take_on(instance.host.pk, vcpus=instance.vcpus, memory_mib=instance.memory_mib)
    else:
        place_on(instance.host, vcpus=instance.vcpus, memory_mib=instance.memory_mib)
    instance.charged = True


def discharge(instance: Instance) -> None:
    """Give back what `charge` took, once, in the caller's transaction."""
    if not Instance.unscoped.filter(pk=instance.pk, charged=True).update(charged=False):
        return
    instance.charged = False
    quota_release(instance.project_id, _amounts(instance))
    if instance.host_id:
        give_back(instance.host_id, vcpus=instance.vcpus, memory_mib=instance.memory_mib)


def instance_start(scope: Scope, *, instance_id: uuid.UUID | str) -> Operation:
    """Start a guest that is off."""
    return _act(scope, instance_id, "start")


def instance_stop(
    scope: Scope, *, instance_id: uuid.UUID | str, force: bool = False, timeout: int = STOP_SECONDS
) -> Operation:
    """Press the power button and pull the plug after `timeout` seconds; with `force`, pull it at once."""
    timeout = clean_int(timeout, field="timeout", low=1, high=_LONGEST_STOP)
    return _act(scope, instance_id, "stop", force=bool(force), timeout=timeout)


def instance_reboot(scope: Scope, *, instance_id: uuid.UUID | str, hard: bool = False) -> Operation:
    """Ask the guest to restart, or with `hard` reset it."""
    return _act(scope, instance_id, "reboot", hard=bool(hard))


def _act(scope: Scope, instance_id: uuid.UUID | str, verb: str, **params: Any) -> Operation:
    with change(scope, f"instance.{verb}") as act:
        instance = _mine(scope, act, instance_id)
        if active_on("instance", instance.pk) is None and not instance.may(verb):
            raise Conflict(
                _("%(act)s: not possible now, “%(name)s” is %(status)s.")
                % {"act": label_of(f"instance.{verb}"), "name": instance, "status": instance.pill.label},
                code="wrong_state",
            )
        return _begin(scope, act, instance, f"instance.{verb}", **params)


def instance_update(
    scope: Scope, *, instance_id: uuid.UUID | str, name: str | None = None, description: str | None = None
) -> Instance:
    """Rename or describe an instance. The guest keeps the host name that it was given at birth."""
    with change(scope, "instance.update") as act:
        instance = _mine(scope, act, instance_id)
        if name is not None:
            instance.name = clean_name(name)
        if description is not None:
            instance.description = clean_text(description, field="description", limit_bytes=255)
        instance.save(update_fields=["name", "description", "updated_at"])
        act.about(instance)
        publish("instance", instance.pk, project_id=instance.project_id)
    return instance


def instance_delete(scope: Scope, *, instance_id: uuid.UUID | str) -> Operation:
    """Delete an instance with its disks, from any state.

    Where another operation is under way, that one is cancelled and the deletion follows by itself; the operation that
    is answered is then the one being cancelled.
    """
    with change(scope, "instance.delete") as act:
        instance = _mine(scope, act, instance_id)
        running = active_on("instance", instance.pk, lock=True)
        if running is None:
            return _begin(scope, act, instance, "instance.delete")
        if running.kind == "instance.delete":
            return running
        settle(instance, operation_kind=running.kind, delete_wanted=True)
        publish("instance", instance.pk, project_id=instance.project_id)
    _hurry(scope, running)
    return running


def _hurry(scope: Scope, running: Operation) -> None:
    try:
        operation_cancel(replace(scope, project_id=running.project_id, idempotency_key=""), operation_id=running.pk)
    except Conflict:
        return  # it ended meanwhile or cannot be cancelled; its end begins the deletion


def delete_if_wanted(instance: Instance, ended: Operation) -> None:
    """Begin the deletion that waited for an operation to end. Called when the instance has no active operation."""
    scope = Scope.system(project_id=instance.project_id, request_id=ended.request_id)
    act = Act(scope, "instance.delete")
    _begin(scope, act, instance, "instance.delete")


def instance_adopt(
    scope: Scope, *, domain_id: uuid.UUID | str, project_id: uuid.UUID | str
) -> tuple[Instance, Operation]:
    """Take an unmanaged domain into a project. Only its metadata is changed; its disks and cards stay as they are."""
    guard(scope, "instance.adopt", staff=True)
    with change(scope, "instance.adopt") as act:
        domain: UnmanagedDomain = UnmanagedDomain.objects.get_within(scope, pk=domain_id)
        if domain.owner_installation:
            raise Conflict(_("Another installation of Virtdeck manages “%(name)s”.") % {"name": domain})
        project: Project = Project.objects.get_within(scope, pk=project_id)
        if Instance.unscoped.filter(pk=domain.uuid).exists():
            raise Conflict(_("“%(name)s” is managed already.") % {"name": domain})
        instance = Instance(
            pk=domain.uuid,
            project=project,
            created_by_id=scope.user_id,
            name=clean_name(domain.name),
            domain_name=domain.name,
            host=domain.host,
            vcpus=max(1, domain.vcpus),
            memory_mib=max(1, domain.memory_mib),
            observed=domain.power,
            adopted=True,
        )
        charge(instance)
        try:
            with transaction.atomic():
                instance.save(force_insert=True)
        except IntegrityError as error:
            raise Conflict(_("“%(name)s” is managed already.") % {"name": domain}) from error
        act.project_id = project.pk
        act.about(instance, host=domain.host.name)
        operation = _begin(scope, act, instance, "instance.adopt")
        publish("instance", instance.pk, project_id=project.pk, created=True)
    return instance, operation


def _mine(scope: Scope, act: Act, instance_id: uuid.UUID | str) -> Instance:
    """The instance, visible and changeable to the caller; the act then belongs to the instance's project."""
    instance: Instance = Instance.objects.get_within(scope, pk=instance_id)
    act.project_id = instance.project_id
    act.about(instance)
    require_role(scope, Role.MEMBER)
    return instance


def _begin(scope: Scope, act: Act, instance: Instance, kind: str, **params: Any) -> Operation:
    operation = submit(scope, act, kind=kind, target=instance, params=params, lane=instance.host_id)
    settle(instance, operation_kind=kind)
    if kind == "instance.create":
        publish("instance", instance.pk, project_id=instance.project_id, created=True)
    return operation


def host_name(instance: Instance) -> str:
    """What the guest calls itself: the name as a DNS label (RFC 1123), or one made from the id."""
    label = re.sub(r"[^a-z0-9]+", "-", instance.name.lower()).strip("-")[:63].rstrip("-")
    return label or f"instance-{str(instance.pk)[:8]}"

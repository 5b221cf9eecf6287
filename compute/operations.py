"""How instances are made, started, stopped, rebooted, adopted and deleted: idempotent steps on a host."""

from __future__ import annotations

import datetime
import io

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.models.instances import Instance
from compute.services import config_drive
from compute.services.instances import charge, delete_if_wanted, discharge, host_name
from compute.services.status import note_power, settle
from console.core.bus import publish
from console.fleet.models.hosts import Host, UnmanagedDomain
from console.fleet.services.connections import connection
from console.fleet.services.installation import installation_id
from console.operations.context import Context, NotYet
from console.operations.registry import Handler, Step, register
from console.virt.errors import Missing, Refused
from console.virt.port import (
    DiskSpec,
    DomainFacts,
    DomainSpec,
    GraphicsSpec,
    Hypervisor,
    Owner,
    Power,
    VolumeFormat,
    VolumeSpec,
)
from networking.models.networks import Port
from networking.services.networks import nic_spec
from storage.models.volumes import Volume
from storage.services.disks import disk_spec, image_on_host, volume_off_host, volume_on_host
from storage.states import VolumeStatus

PRESS_AGAIN = datetime.timedelta(seconds=10)
LOOK_AGAIN_SECONDS = 2.0


# --- what the steps share ---------------------------------------------------------------------------------------------


def _instance(context: Context) -> Instance:
    """The operation's instance, read once an attempt."""
    if "instance" not in context.memory:
        context.memory["instance"] = Instance.unscoped.select_related("host", "image").get(
            pk=context.operation.target_id
        )
    instance: Instance = context.memory["instance"]
    return instance


def _host(instance: Instance) -> Host:
    if instance.host is None:
        raise Refused(_("The instance has no host."))
    return instance.host


def _hypervisor(instance: Instance) -> Hypervisor:
    return connection(_host(instance))


def _owner(instance: Instance) -> Owner:
    return Owner(installation_id(), str(instance.project_id), str(instance.pk))


def _ports(instance: Instance) -> list[Port]:
    return list(Port.unscoped.filter(instance=instance).select_related("network"))


def _volumes(instance: Instance) -> list[Volume]:
    return list(Volume.unscoped.filter(instance=instance).select_related("host", "image").order_by("target"))


def _took_over(context: Context, facts: DomainFacts) -> None:
    """Write down what the host has just shown; events tell the same a moment later or earlier."""
    note_power(_instance(context), str(facts.power), facts.reason, operation_kind=context.operation.kind)


# --- create -----------------------------------------------------------------------------------------------------------


def _image_ready(context: Context) -> None:
    instance = _instance(context)
    for volume in _volumes(instance):
        if volume.image:
            image_on_host(context, volume.image, _host(instance))


def _disks_ready(context: Context) -> None:
    instance = _instance(context)
    for volume in _volumes(instance):
        volume_on_host(volume)
    content = config_drive.build(
        config_drive.GuestData(
            uuid=str(instance.pk),
            name=instance.name,
            hostname=host_name(instance),
            project_id=str(instance.project_id),
            user_data=instance.user_data,
            key_name=instance.key_name,
            public_key=instance.public_key,
            nics=[config_drive.Nic(str(port.pk), str(port.network_id), port.mac) for port in _ports(instance)],
        )
    )
    spec = VolumeSpec(_host(instance).pool_name, instance.config_drive_name, len(content), VolumeFormat.RAW)
    _hypervisor(instance).volume_upload(spec, io.BytesIO(content), len(content))


def _disks_gone(context: Context) -> None:
    instance = _instance(context)
    if instance.host is None or instance.adopted:
        return
    for volume in _volumes(instance):
        volume_off_host(volume)
    hypervisor = _hypervisor(instance)
    hypervisor.volume_delete(instance.host.pool_name, instance.config_drive_name)
    for name in (instance.console_log_name, *instance.rotated_log_names):
        hypervisor.volume_delete(instance.host.pool_name, name)


def _domain_defined(context: Context) -> None:
    instance = _instance(context)
    _hypervisor(instance).domain_ensure(domain_spec(instance))


def domain_spec(instance: Instance) -> DomainSpec:
    """The instance as a domain: all that its host must know."""
    host = _host(instance)
    disks = [disk_spec(volume, boot_order=number) for number, volume in enumerate(_volumes(instance), start=1)]
    drive = DiskSpec(
        host.pool_name,
        instance.config_drive_name,
        "sda",
        bus="scsi",
        device="cdrom",
        format=VolumeFormat.RAW,
        readonly=True,
    )
    return DomainSpec(
        uuid=str(instance.pk),
        name=instance.domain_name,
        title=instance.name,
        owner=_owner(instance),
        vcpus=instance.vcpus,
        memory_mib=instance.memory_mib,
        virt_type=host.virt_type,
        machine=host.machine,
        disks=(*disks, drive),
        nics=tuple(nic_spec(port) for port in _ports(instance)),
        graphics=GraphicsSpec(),
        console_log=f"{host.pool_path}/{instance.console_log_name}",
    )


def _domain_running(context: Context) -> None:
    instance = _instance(context)
    _took_over(context, _hypervisor(instance).domain_start(str(instance.pk), _owner(instance)))


def _domain_gone(context: Context) -> None:
    instance = _instance(context)
    if instance.host is None:
        return
    hypervisor, owner = _hypervisor(instance), _owner(instance)
    if hypervisor.domain_get(str(instance.pk)) is None:
        return
    try:
        hypervisor.domain_destroy(str(instance.pk), owner)
        hypervisor.domain_undefine(str(instance.pk), owner)
    except Missing:
        return  # somebody removed it between the look and the act, which is what we wanted


def _created(context: Context) -> None:
    Volume.unscoped.filter(instance_id=context.operation.target_id).update(status=VolumeStatus.IN_USE)
    _ended(context)


def _not_created(context: Context) -> None:
    instance = _instance(context)
    discharge(instance)
    Volume.unscoped.filter(instance=instance).update(status=VolumeStatus.ERROR)
    instance.failed = True
    Instance.unscoped.filter(pk=instance.pk).update(failed=True)
    _ended(context)


def _create_again(context: Context) -> None:
    """A retry takes quota and capacity anew, on the host where the first attempt was."""
    instance = _instance(context)
    charge(instance)
    Instance.unscoped.filter(pk=instance.pk).update(charged=True)
    Volume.unscoped.filter(instance=instance).update(status=VolumeStatus.CREATING)
    settle(instance, operation_kind="instance.create", failed=False, trouble="", trouble_hint="")


# --- how every operation on an instance ends --------------------------------------------------------------------------


def _ended(context: Context) -> None:
    """Show the outcome on the instance; a deletion that waited for this begins.

    Runs in the transaction that ends the operation, while its row still counts as active: so nothing else can begin
    before the status is written.
    """
    operation = context.operation
    instance = Instance.unscoped.get(pk=operation.target_id)
    settle(instance, operation_kind="", trouble=operation.error_message, trouble_hint=operation.error_hint)


def _again(context: Context) -> None:
    """A retry shows on the instance at once, as the first attempt did."""
    instance = Instance.unscoped.get(pk=context.operation.target_id)
    settle(instance, operation_kind=context.operation.kind, trouble="", trouble_hint="")


def _settled(context: Context) -> None:
    instance = Instance.unscoped.filter(pk=context.operation.target_id).first()
    if instance is not None and instance.delete_wanted:
        delete_if_wanted(instance, context.operation)


# --- start, stop, reboot ----------------------------------------------------------------------------------------------


def _shut_down(context: Context) -> None:
    """Press the power button, look now and then, and pull the plug when the time is over."""
    instance = _instance(context)
    hypervisor, owner, uuid = _hypervisor(instance), _owner(instance), str(instance.pk)
    facts = hypervisor.domain_get(uuid)
    if facts is None:
        raise Refused(_("The host shows no such domain."), hint=_("Delete the instance, or define the domain again."))
    now = timezone.now()
    deadline = _remembered(context, "deadline", now + datetime.timedelta(seconds=context.params["timeout"]))
    if facts.power in (Power.STOPPED, Power.CRASHED):
        _took_over(context, facts)
        return
    if context.params["force"] or now >= deadline or facts.power == Power.PAUSED:
        _took_over(context, hypervisor.domain_destroy(uuid, owner))
        context.note(_("The plug was pulled."))
        return
    pressed = parse_datetime(context.params.get("pressed", ""))
    if pressed is None or now - pressed >= PRESS_AGAIN:
        hypervisor.domain_shutdown(uuid, owner)
        context.remember(pressed=now.isoformat())
        context.note(
            _("The power button was pressed; the plug is pulled at %(time)s UTC if the guest does not stop.")
            % {"time": deadline.strftime("%H:%M:%S")}
        )
    raise NotYet(LOOK_AGAIN_SECONDS)


def _stop_again(context: Context) -> None:
    """The guest gets its time anew: a deadline of the attempt before would have the plug pulled at once."""
    context.remember(deadline="", pressed="")
    _again(context)


def _remembered(context: Context, name: str, value: datetime.datetime) -> datetime.datetime:
    kept = parse_datetime(context.params.get(name, ""))
    if kept is None:
        context.remember(**{name: value.isoformat()})
    return kept or value


def _reboot(context: Context) -> None:
    instance = _instance(context)
    hypervisor = _hypervisor(instance)
    _took_over(
        context, hypervisor.domain_reboot(str(instance.pk), _owner(instance), hard=bool(context.params.get("hard")))
    )


# --- adopt and delete -------------------------------------------------------------------------------------------------


def _adopted(context: Context) -> None:
    instance = _instance(context)
    _took_over(context, _hypervisor(instance).domain_adopt(str(instance.pk), _owner(instance)))


def _adoption_ended(context: Context) -> None:
    """The domain is no stranger any more: its row among them goes at once, not with the next comparison."""
    instance = _instance(context)
    for row in UnmanagedDomain.unscoped.filter(host=instance.host, uuid=instance.pk):
        publish("unmanageddomain", row.pk, project_id=None)
        row.delete()
    _ended(context)


def _disowned(context: Context) -> None:
    instance = _instance(context)
    if _hypervisor(instance).domain_get(str(instance.pk)) is not None:
        _hypervisor(instance).domain_disown(str(instance.pk), _owner(instance))


def _not_deleted(context: Context) -> None:
    """The instance is there still, and is not shown as if it were about to go."""
    Instance.unscoped.filter(pk=context.operation.target_id).update(delete_wanted=False)
    _ended(context)


def _removed(context: Context) -> None:
    """Forget the instance and give back what it took. The audit trail stays."""
    instance = Instance.unscoped.filter(pk=context.operation.target_id).first()
    if instance is not None:
        discharge(instance)
        publish("instance", instance.pk, project_id=instance.project_id)
        instance.delete()


_RUNNING = Step("domain_running", gettext_lazy("Start the guest"), _domain_running)

register(
    Handler(
        kind="instance.create",
        label=gettext_lazy("Create instance"),
        steps=(
            Step("image_ready", gettext_lazy("Bring the image to the host"), _image_ready),
            Step("disks_ready", gettext_lazy("Make the disks"), _disks_ready, undo=_disks_gone),
            Step("domain_defined", gettext_lazy("Define the guest"), _domain_defined, undo=_domain_gone),
            _RUNNING,
        ),
        succeeded=_created,
        failed=_not_created,
        retried=_create_again,
        settled=_settled,
    )
)
for _kind, _label, _step, _retried in (
    ("instance.start", gettext_lazy("Start instance"), _RUNNING, _again),
    (
        "instance.stop",
        gettext_lazy("Stop instance"),
        Step("domain_stopped", gettext_lazy("Shut the guest down"), _shut_down),
        _stop_again,
    ),
    (
        "instance.reboot",
        gettext_lazy("Reboot instance"),
        Step("domain_rebooted", gettext_lazy("Restart the guest"), _reboot),
        _again,
    ),
):
    register(
        Handler(
            kind=_kind,
            label=_label,
            steps=(_step,),
            succeeded=_ended,
            failed=_ended,
            retried=_retried,
            settled=_settled,
        )
    )
register(
    Handler(
        kind="instance.adopt",
        label=gettext_lazy("Adopt domain"),
        steps=(Step("domain_adopted", gettext_lazy("Write ownership into the domain"), _adopted, undo=_disowned),),
        succeeded=_adoption_ended,
        failed=_removed,
        settled=_settled,
        retryable=False,
    )
)
register(
    Handler(
        kind="instance.delete",
        label=gettext_lazy("Delete instance"),
        steps=(
            Step("domain_gone", gettext_lazy("Stop and undefine the guest"), _domain_gone),
            Step("disks_gone", gettext_lazy("Remove the disks"), _disks_gone),
        ),
        succeeded=_removed,
        failed=_not_deleted,
        retried=_again,
        cancellable=False,
        patience=30 * 86400.0,
    )
)

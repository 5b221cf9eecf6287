"""What hosts show, taken over: the same functions serve single events and the full comparison."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compute.models.instances import ConsoleLog, Instance
from compute.services.status import note_power
from compute.states import ABSENT
from console.core.bus import publish
from console.fleet.models.hosts import Host
from console.fleet.services.hosts import unmanaged_observed
from console.fleet.services.installation import installation_id
from console.operations.models.operations import Operation, State
from console.operations.services.operations import active_on, wake
from console.virt.port import DomainFacts, Power

_ALIVE = (Power.RUNNING, Power.PAUSED, Power.SHUTTING_DOWN)
_NOT_YET = ("instance.create", "instance.adopt")


def domain_observed(host: Host, facts: DomainFacts | None, domain_uuid: str) -> bool:
    """Take over one domain's state; `facts` is None where the host shows no such domain. False for a stranger's."""
    instance = _light().filter(pk=domain_uuid, host=host).first()
    if instance is None:
        return False
    _observe(instance, facts)
    return True


def host_compared(host: Host, domains: Iterable[DomainFacts]) -> None:
    """Compare all that a host shows with all that should be there. Never deletes a row, never touches the host."""
    shown = {facts.uuid: facts for facts in domains}
    instances = {str(instance.pk): instance for instance in _light().filter(host=host)}
    for instance_id, instance in instances.items():
        _observe(instance, shown.get(instance_id))
    ours = installation_id()
    strangers = [
        facts
        for facts in shown.values()
        if facts.uuid not in instances and not (facts.owner and facts.owner.installation == ours)
    ]
    unmanaged_observed(host, strangers)


def _light() -> QuerySet[Instance]:
    """Instances without what observing does not need and decrypting would cost."""
    return Instance.unscoped.defer("user_data", "public_key", "description")


def _observe(read: Instance, facts: DomainFacts | None) -> None:
    power = str(facts.power) if facts else ABSENT
    reason = facts.reason if facts else ""
    if read.observed == power and read.observed_reason == reason[:64]:
        return
    with transaction.atomic():
        # In this order, as an operation's end takes them: else its last word and ours could pass each other.
        active = active_on("instance", read.pk, lock=True)
        instance = _light().select_for_update().filter(pk=read.pk).first()
        if instance is None:
            return
        if facts is None and (instance.failed or (active and active.kind in (*_NOT_YET, "instance.delete"))):
            return  # it is being made or removed, or was never there
        note_power(instance, power, reason, operation_kind=active.kind if active else "")
        if active is not None and active.not_before is not None:
            _hurry(active)


def _hurry(operation: Operation) -> None:
    """An operation that waits for the guest need not wait any longer."""
    Operation.unscoped.filter(pk=operation.pk, state__in=(State.QUEUED, State.RUNNING), lease_until=None).update(
        not_before=None
    )
    wake(operation.pk)


def console_log_append(instance_id: uuid.UUID, *, data: bytes, offset: int, keep: int) -> None:
    """Keep the last `keep` characters of an instance's serial output.

    `offset` is where `data` began in the host's file.
    """
    instance = Instance.unscoped.filter(pk=instance_id).only("project_id").first()
    if instance is None:
        return
    log, _created = ConsoleLog.objects.get_or_create(instance=instance)
    before = log.text if offset else ""
    text = (before + data.decode(errors="replace").replace("\x00", ""))[-keep:]
    ConsoleLog.objects.filter(pk=log.pk).update(text=text, offset=offset + len(data), updated_at=timezone.now())
    publish("consolelog", instance.pk, project_id=instance.project_id)


@dataclass(frozen=True, slots=True)
class Watched:
    """A guest whose serial output is followed: its file in the pool, and how much of it has been read."""

    instance_id: uuid.UUID
    file_name: str
    offset: int


def watched_guests(host: Host) -> list[Watched]:
    """The guests of a host that may be writing to their serial ports."""
    alive = Instance.unscoped.filter(host=host, adopted=False, observed__in=_ALIVE).select_related("console_log")
    return [_watched(instance) for instance in alive.only("pk", "console_log__offset")]


def watched_guest(instance_id: str) -> Watched | None:
    """One guest, whatever its state; None for a domain that is not ours."""
    found = Instance.unscoped.filter(pk=instance_id, adopted=False).select_related("console_log").first()
    return _watched(found) if found else None


def _watched(instance: Instance) -> Watched:
    log = getattr(instance, "console_log", None)
    return Watched(instance.pk, instance.console_log_name, log.offset if log else 0)

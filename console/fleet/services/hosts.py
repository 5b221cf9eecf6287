"""Hosts: added, enrolled, enabled and disabled, removed, and kept in step with what they report."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import Busy, Conflict, Invalid
from console.core.scope import Scope
from console.core.validation import clean_name
from console.fleet.models.hosts import Host, UnmanagedDomain
from console.identity.services.changes import change, guard
from console.operations.models.operations import Operation
from console.operations.services.operations import active_on, submit
from console.virt.port import DomainFacts, HostFacts, PoolFacts

_SCHEMES = re.compile(r"^qemu(\+(unix|tcp|tls|ssh|libssh2?))?$")
_SETTINGS = {"vcpu_overcommit": (0.1, 64.0), "memory_overcommit": (0.1, 4.0), "reserved_memory_mib": (0, 1 << 24)}


def host_create(scope: Scope, *, name: str, uri: str, pool_path: str = "") -> tuple[Host, Operation]:
    """Add a host and begin to enrol it."""
    guard(scope, "host.create", staff=True)
    name = clean_name(name, limit=64)
    uri = _clean_uri(uri)
    if pool_path:
        pool_path = clean_name(pool_path, field="pool_path", limit=255)
        if not pool_path.startswith("/") or ".." in pool_path.split("/"):
            raise Invalid.field("pool_path", _("This must be an absolute path."))
    with change(scope, "host.create") as act:
        try:
            with transaction.atomic():
                host = Host.unscoped.create(name=name, uri=uri, pool_path=pool_path)
        except IntegrityError as error:
            raise Conflict(_("There is a host of that name or URI."), fields={"name": [_("Taken?")]}) from error
        act.about(host, uri=uri)
        operation = submit(scope, act, kind="host.enrol", target=host)
        publish("host", host.pk, project_id=None, created=True)
    return host, operation


def host_enrol(scope: Scope, *, host_id: uuid.UUID) -> Operation:
    """Test a host again, step by step, and take over what it says of itself."""
    guard(scope, "host.enrol", staff=True)
    with change(scope, "host.enrol") as act:
        host: Host = Host.objects.get_within(scope, pk=host_id)
        act.about(host)
        return submit(scope, act, kind="host.enrol", target=host)


def host_update(scope: Scope, *, host_id: uuid.UUID, **values: Any) -> Host:
    """Rename, enable or disable a host, or set its overcommit. A disabled one keeps its guests and gets no new ones."""
    guard(scope, "host.update", staff=True)
    with change(scope, "host.update") as act:
        host: Host = Host.objects.get_within(scope, pk=host_id)
        for field, value in values.items():
            setattr(host, field, _clean_setting(field, value))
        try:
            with transaction.atomic():
                host.save(update_fields=[*values, "updated_at"])
        except IntegrityError as error:
            raise Conflict(_("There is a host of that name."), fields={"name": [_("Taken.")]}) from error
        act.about(host, **values)
        publish("host", host.pk, project_id=None)
    return host


def host_delete(scope: Scope, *, host_id: uuid.UUID) -> None:
    """Forget a host that holds nothing of ours. Nothing is changed on the host itself."""
    guard(scope, "host.delete", staff=True)
    with change(scope, "host.delete") as act:
        host: Host = Host.objects.get_within(scope, pk=host_id)
        act.about(host)
        if active_on("host", host.pk, lock=True):
            raise Busy(_("“%(name)s” is being enrolled.") % {"name": host}, hint=_("Wait for it to end, or cancel it."))
        if host.instances.exists():
            raise Conflict(
                _("“%(name)s” still holds instances.") % {"name": host}, hint=_("Delete or move them first.")
            )
        publish("host", host.pk, project_id=None)
        host.delete()


def _clean_setting(field: str, value: Any) -> Any:
    if field == "name":
        return clean_name(value, limit=64)
    if field == "enabled":
        return bool(value)
    if field not in _SETTINGS:
        raise Invalid.field(field, _("There is no such setting."))
    low, high = _SETTINGS[field]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Invalid.field(field, _("This must be from %(low)s to %(high)s.") % {"low": low, "high": high})
    return value


def _clean_uri(uri: Any) -> str:
    if not isinstance(uri, str) or len(uri) > 255 or any(ord(char) < 33 for char in uri):
        raise Invalid.field("uri", _("This must be a libvirt URI without spaces, e.g. qemu:///system."))
    try:
        parts = urlsplit(uri)
        whom = [unquote(parts.username or ""), unquote(parts.hostname or ""), str(parts.port or "")]
    except ValueError:
        whom = ["-"]
    # What begins with a hyphen would be an option to ssh.
    if any(word.startswith("-") for word in whom) or not _SCHEMES.match(parts.scheme) or parts.path[:1] != "/":
        raise Invalid.field(
            "uri", _("This must be a libvirt URI, e.g. qemu:///system or qemu+tls://host.example/system.")
        )
    # As libvirt reads them: parted by & or ;, names unquoted, in any case.
    names = {unquote(parameter.partition("=")[0]).lower() for parameter in re.split("[&;]", parts.query)}
    if names & {"command", "netcat"}:
        raise Invalid.field("uri", _("Parameters that run commands on this machine are not accepted."))
    return uri


def host_facts_noted(host: Host, facts: HostFacts) -> None:
    """Take over what a host says of itself. Memory and CPUs can change while it runs."""
    Host.unscoped.filter(pk=host.pk).update(
        host_uuid=facts.uuid or None,
        arch=facts.arch,
        cpus=facts.cpus,
        memory_mib=facts.memory_mib,
        cpu_model=facts.cpu_model,
        virt_type=facts.virt_type,
        machine=facts.machine,
        libvirt_version=facts.libvirt_version,
        qemu_version=facts.qemu_version,
    )
    publish("host", host.pk, project_id=None)


def host_seen(host: Host, *, pool: PoolFacts | None = None) -> None:
    """Note that a host has just answered."""
    was_down = not host.reachable
    values: dict[str, Any] = {"reachable": True, "last_seen": timezone.now(), "trouble": ""}
    if pool is not None:
        values |= {"pool_capacity": pool.capacity, "pool_available": pool.available}
    Host.unscoped.filter(pk=host.pk).update(**values)
    for name, value in values.items():
        setattr(host, name, value)
    if was_down or pool is not None:
        publish("host", host.pk, project_id=None)


def host_lost(host: Host, *, reason: str) -> None:
    """Note that a host does not answer, and why."""
    changed = Host.unscoped.filter(pk=host.pk).exclude(reachable=False, trouble=reason)
    if changed.update(reachable=False, trouble=reason):
        host.reachable = False
        publish("host", host.pk, project_id=None)


def unmanaged_observed(host: Host, domains: list[DomainFacts]) -> None:
    """Make the list of a host's unmanaged domains equal to what the host shows."""
    shown = {uuid.UUID(facts.uuid): facts for facts in domains}
    with transaction.atomic():
        rows = {row.uuid: row for row in UnmanagedDomain.unscoped.filter(host=host)}
        for domain_uuid in rows.keys() - shown.keys():
            publish("unmanageddomain", rows[domain_uuid].pk, project_id=None)
            rows[domain_uuid].delete()
        for domain_uuid, facts in shown.items():
            _unmanaged_note(host, rows.get(domain_uuid), domain_uuid, facts)


def _unmanaged_note(host: Host, row: UnmanagedDomain | None, domain_uuid: uuid.UUID, facts: DomainFacts) -> None:
    values = {
        "name": facts.name[:255],
        "power": str(facts.power),
        "vcpus": facts.vcpus,
        "memory_mib": facts.memory_mib,
        "owner_installation": facts.owner.installation if facts.owner else "",
    }
    if row is None:
        row = UnmanagedDomain.unscoped.create(host=host, uuid=domain_uuid, **values)
        publish("unmanageddomain", row.pk, project_id=None, created=True)
    elif any(getattr(row, name) != value for name, value in values.items()):
        UnmanagedDomain.unscoped.filter(pk=row.pk).update(**values)
        publish("unmanageddomain", row.pk, project_id=None)

"""Domains: defined, started, stopped, adopted. Nothing is ever done to a domain that carries another owner."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import libvirt

from console.virt.errors import Missing, Refused
from console.virt.libvirt_driver.connection import call
from console.virt.libvirt_driver.errors import is_missing, is_out_of_turn, is_unsupported
from console.virt.libvirt_driver.power import power_of, reason_of
from console.virt.libvirt_driver.storage import Storage, create_file, find_volume, marker_of
from console.virt.port import DiskSpec, DomainFacts, DomainSpec, Owner, Power
from console.virt.xml import domain as domain_xml
from console.virt.xml import domain_facts, metadata

_LEFTOVERS = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


class Domains(Storage):
    @call("list its domains", seconds=60)
    def domain_list(self) -> tuple[DomainFacts, ...]:
        transient = {
            domain.UUIDString() for domain in self._raw.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_TRANSIENT)
        }
        states = self._raw.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE)
        found = (_facts_unless_gone(domain, values, transient) for domain, values in states)
        return tuple(facts for facts in found if facts is not None)

    @call("look up domain {uuid}", seconds=15)
    def domain_get(self, uuid: str) -> DomainFacts | None:
        domain = self._find(uuid)
        return None if domain is None else _facts(domain)

    @call("show the definition of domain {uuid}", seconds=15)
    def domain_xml(self, uuid: str) -> str:
        return str(self._find_or_fail(uuid).XMLDesc())

    @call("define domain {spec.name}", seconds=30)
    def domain_ensure(self, spec: DomainSpec) -> DomainFacts:
        present = self._find(spec.uuid)
        if present is not None:
            self._check_owner(present, spec.owner)
        definition = domain_xml.build(spec, [self._disk_path(disk) for disk in spec.disks])
        if spec.console_log:
            self._prepare_log(spec.console_log)
        return _facts(self._raw.defineXML(definition))

    @call("start domain {uuid}", seconds=60)
    def domain_start(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._own(uuid, owner)
        _make_run(domain)
        return _facts(domain)

    @call("shut down domain {uuid}", seconds=15)
    def domain_shutdown(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._own(uuid, owner)
        if domain.isActive():
            _in_turn(domain, lambda: _flagged(domain.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN))
        return _facts(domain)

    @call("stop domain {uuid}", seconds=60)
    def domain_destroy(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._own(uuid, owner)
        if domain.isActive():
            _in_turn(domain, domain.destroy)
        return _facts(domain)

    @call("reboot domain {uuid}", seconds=90)
    def domain_reboot(self, uuid: str, owner: Owner, *, hard: bool) -> DomainFacts:
        domain = self._own(uuid, owner)
        if hard:
            # Off and on again, not a reset: so that a changed definition takes effect.
            if domain.isActive():
                _in_turn(domain, domain.destroy)
            _make_run(domain)
        elif domain.isActive():
            _flagged(domain.reboot, libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)
        else:
            raise Refused(f"Domain {domain.name()} is off and cannot be rebooted", hint="Start it.")
        return _facts(domain)

    @call("remove domain {uuid}", seconds=30)
    def domain_undefine(self, uuid: str, owner: Owner) -> bool:
        domain = self._find(uuid)
        if domain is None:
            return False
        self._check_owner(domain, owner)
        if domain.isActive():
            raise Refused(f"Domain {domain.name()} is running and cannot be removed", hint="Stop it first.")
        _flagged(domain.undefineFlags, _LEFTOVERS)
        return True

    @call("adopt domain {uuid}", seconds=15)
    def domain_adopt(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._find_or_fail(uuid)
        present = _owner_of(domain)
        if present is not None and present.installation != owner.installation:
            raise _foreign(domain, present)
        _write_owner(domain, metadata.build(owner))
        return _facts(domain)

    @call("disown domain {uuid}", seconds=15)
    def domain_disown(self, uuid: str, owner: Owner) -> DomainFacts:
        domain = self._find_or_fail(uuid)
        if _owner_of(domain) is not None:
            self._check_owner(domain, owner)
            _write_owner(domain, None)
        return _facts(domain)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _find(self, uuid: str) -> libvirt.virDomain | None:
        try:
            return self._raw.lookupByUUIDString(uuid)
        except libvirt.libvirtError as error:
            if is_missing(error):
                return None
            raise

    def _find_or_fail(self, uuid: str) -> libvirt.virDomain:
        domain = self._find(uuid)
        if domain is None:
            raise Missing(f"{self._connection.host} has no domain {uuid}")
        return domain

    def _own(self, uuid: str, owner: Owner) -> libvirt.virDomain:
        """Return the domain if it is the owner's; Missing or Refused if not."""
        domain = self._find_or_fail(uuid)
        self._check_owner(domain, owner)
        return domain

    def _check_owner(self, domain: libvirt.virDomain, owner: Owner) -> None:
        present = _owner_of(domain)
        if present is None or (present.installation, present.instance) != (owner.installation, owner.instance):
            raise _foreign(domain, present)

    def _disk_path(self, disk: DiskSpec) -> str:
        pool = self._pool(disk.pool)
        volume = find_volume(pool, disk.volume)
        if volume is None or find_volume(pool, marker_of(disk.volume)) is not None:
            raise Missing(f"Pool {disk.pool} on {self._connection.host} has no finished volume {disk.volume}")
        return str(volume.path())

    def _prepare_log(self, path: str) -> None:
        """Make the log a volume of its pool before QEMU writes to it, so that reading it never needs a refresh."""
        with suppress(libvirt.libvirtError):
            pool = self._raw.storagePoolLookupByTargetPath(posixpath.dirname(path))
            create_file(pool, pool.name(), posixpath.basename(path))


def _foreign(domain: libvirt.virDomain, owner: Owner | None) -> Refused:
    if owner is None:
        return Refused(
            f"Domain {domain.name()} was not made by this installation",
            hint="Adopt it first if it shall be managed here.",
        )
    return Refused(
        f"Domain {domain.name()} belongs to instance {owner.instance} of installation {owner.installation}",
        hint="Let that installation give it up first.",
    )


def _owner_of(domain: libvirt.virDomain) -> Owner | None:
    try:
        text = domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, metadata.NAMESPACE)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None
        raise
    return metadata.parse_owner(text)


def _write_owner(domain: libvirt.virDomain, element: str | None) -> None:
    """Write ownership into the running guest and into its definition, wherever the domain has them."""
    targets = 0
    if domain.isActive():
        targets |= libvirt.VIR_DOMAIN_AFFECT_LIVE
    if domain.isPersistent():
        targets |= libvirt.VIR_DOMAIN_AFFECT_CONFIG
    kind = libvirt.VIR_DOMAIN_METADATA_ELEMENT
    domain.setMetadata(kind, element, metadata.PREFIX, metadata.NAMESPACE, targets)


def _make_run(domain: libvirt.virDomain) -> None:
    power = power_of(domain.state()[0])
    if power is Power.PAUSED:
        _in_turn(domain, domain.resume)
    elif power is Power.SUSPENDED:
        _in_turn(domain, domain.pMWakeup)
    elif not domain.isActive():
        _in_turn(domain, domain.create)


def _in_turn(domain: libvirt.virDomain, act: Callable[[], Any]) -> None:
    """Act; that the domain got there by itself in the meantime is no failure."""
    before = domain.isActive()
    try:
        act()
    except libvirt.libvirtError as error:
        if not is_out_of_turn(error) or domain.isActive() == before:
            raise


def _flagged(act: Callable[[int], Any], flags: int) -> None:
    """Call with `flags`, or with none where the driver does not know them (test:///)."""
    try:
        act(flags)
    except libvirt.libvirtError as error:
        if not is_unsupported(error):
            raise
        act(0)


def _facts(domain: libvirt.virDomain) -> DomainFacts:
    state, reason = domain.state()
    return domain_facts.parse_facts(
        domain.XMLDesc(),
        power=power_of(state),
        reason=reason_of(state, reason),
        persistent=bool(domain.isPersistent()),
    )


def _facts_unless_gone(domain: libvirt.virDomain, values: dict[str, int], transient: set[str]) -> DomainFacts | None:
    state = values.get("state.state", libvirt.VIR_DOMAIN_NOSTATE)
    try:
        definition = domain.XMLDesc()
    except libvirt.libvirtError as error:
        if is_missing(error):
            return None
        raise
    return domain_facts.parse_facts(
        definition,
        power=power_of(state),
        reason=reason_of(state, values.get("state.reason", 0)),
        persistent=domain.UUIDString() not in transient,
    )

"""Enrolment: a host is tested step by step, each step saying what it found and what would cure it."""

from __future__ import annotations

import time
import uuid

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.bus import publish
from console.fleet.models.hosts import Host
from console.fleet.probe import Probe
from console.fleet.services.connections import connection
from console.fleet.services.hosts import host_facts_noted, host_lost, host_seen
from console.fleet.services.installation import short_id
from console.operations.context import Context
from console.operations.registry import Handler, Step, register
from console.virt.errors import Refused
from console.virt.port import Hypervisor, NatNetworkSpec, NetworkFacts, PoolSpec

PROBE_SECONDS = 40.0
_POOL_ROOT = "/var/lib/libvirt/images"
_OWN_NETWORK = NatNetworkSpec(
    name="virtdeck",
    bridge="virbr-vd0",
    address="10.62.0.1",
    prefix=22,
    dhcp_start="10.62.0.10",
    dhcp_end="10.62.3.250",
)


def host_of(context: Context) -> Host:
    """The operation's host."""
    host: Host = Host.unscoped.get(pk=context.operation.target_id)
    return host


def _connect(context: Context) -> None:
    connection(host_of(context)).ping()
    context.note(_("The host answers."))


def _capabilities(context: Context) -> None:
    host = host_of(context)
    facts = connection(host).facts()
    clash = Host.unscoped.filter(host_uuid=facts.uuid).exclude(pk=host.pk).first()
    if clash is not None:
        raise Refused(
            _("This is the same machine as “%(name)s”.") % {"name": clash},
            hint=_("Remove one of the two, or give the host its own host_uuid in libvirtd.conf."),
        )
    host_facts_noted(host, facts)
    context.note(
        _("%(name)s: %(cpus)d CPUs (%(model)s), %(memory)d MiB, libvirt %(libvirt)s, QEMU %(qemu)s.")
        % {
            "name": facts.hostname,
            "cpus": facts.cpus,
            "model": facts.cpu_model or facts.arch,
            "memory": facts.memory_mib,
            "libvirt": facts.libvirt_version,
            "qemu": facts.qemu_version,
        }
    )


def _accelerator(context: Context) -> None:
    if host_of(context).virt_type == "kvm":
        context.note(_("KVM: guests run at the speed of the machine."))
    else:
        context.note(
            _(
                "No hardware virtualisation: guests are emulated (TCG) and slow. Enable VT-x or AMD-V in the firmware, "
                "or nested virtualisation where this machine is a guest itself, then enrol the host again."
            )
        )


def _pool(context: Context) -> None:
    host = host_of(context)
    name = host.pool_name or f"virtdeck-{short_id()}"
    facts = connection(host).pool_ensure(PoolSpec(name, host.pool_path or f"{_POOL_ROOT}/{name}"))
    Host.unscoped.filter(pk=host.pk).update(
        pool_name=facts.name, pool_path=facts.path, pool_capacity=facts.capacity, pool_available=facts.available
    )
    context.note(
        _("Pool %(name)s at %(path)s, %(free)d GiB free.")
        % {"name": facts.name, "path": facts.path, "free": facts.available // 1024**3}
    )


def _network(context: Context) -> None:
    host = host_of(context)
    facts = _nat_network(connection(host), host.network_name)
    Host.unscoped.filter(pk=host.pk).update(network_name=facts.name)
    context.note(_("Network %(name)s (%(cidr)s) is active.") % {"name": facts.name, "cidr": facts.cidr or facts.bridge})


def _nat_network(hypervisor: Hypervisor, wished: str) -> NetworkFacts:
    """The network named before, else libvirt's own `default`, else one that we make."""
    there = {facts.name: facts for facts in hypervisor.network_list()}
    for name in filter(None, (wished, "default", _OWN_NETWORK.name)):
        facts = there.get(name)
        if facts is None:
            continue
        if facts.active:
            return facts
        try:
            return hypervisor.network_start(name)
        except Refused as error:
            if name == wished:
                raise Refused(
                    _("The network %(name)s does not start: %(reason)s") % {"name": name, "reason": error.message},
                    hint=_(
                        "Check that dnsmasq and iptables are installed and that no other network has its addresses."
                    ),
                ) from error
    return hypervisor.network_ensure(_OWN_NETWORK)


def _probe_of(context: Context) -> Probe:
    host = host_of(context)
    probe_id = uuid.uuid5(context.operation.pk, "probe")
    return Probe(connection(host), probe_id, pool=host.pool_name, pool_path=host.pool_path)


def _probe_guest(context: Context) -> None:
    host = host_of(context)
    probe = _probe_of(context)
    began = time.monotonic()
    try:
        probe.start(virt_type=host.virt_type, machine=host.machine)
        while not probe.has_greeted():
            if time.monotonic() - began > PROBE_SECONDS:
                raise Refused(
                    _("The probe guest did not boot within %(seconds)d seconds.") % {"seconds": PROBE_SECONDS},
                    hint=_(
                        "See the guest's log under /var/log/libvirt/qemu on the host; "
                        "often the accelerator is at fault."
                    ),
                )
            context.sleep(0.1)
    finally:
        probe.remove()
    context.note(_("A probe guest booted in %(seconds).1f s.") % {"seconds": time.monotonic() - began})


def _remove_probe(context: Context) -> None:
    if host_of(context).pool_name:
        _probe_of(context).remove()


def _enrolled(context: Context) -> None:
    host = host_of(context)
    Host.unscoped.filter(pk=host.pk).update(enrolled=True)
    host_seen(host)
    publish("host", host.pk, project_id=None)


def _not_enrolled(context: Context) -> None:
    host = Host.unscoped.filter(pk=context.operation.target_id).first()
    if host is not None and context.operation.error_code == "host_unavailable":
        host_lost(host, reason=context.operation.error_message)


ENROL = register(
    Handler(
        kind="host.enrol",
        label=gettext_lazy("Enrol host"),
        steps=(
            Step("connect", gettext_lazy("Connect"), _connect),
            Step("capabilities", gettext_lazy("Read capabilities"), _capabilities),
            Step("accelerator", gettext_lazy("Choose the accelerator"), _accelerator),
            Step("pool", gettext_lazy("Prepare the storage pool"), _pool),
            Step("network", gettext_lazy("Prepare the network"), _network),
            Step("probe", gettext_lazy("Boot a probe guest"), _probe_guest, undo=_remove_probe),
        ),
        succeeded=_enrolled,
        failed=_not_enrolled,
        patience=60.0,
    )
)

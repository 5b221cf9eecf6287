"""Counters of all domains of a host, in one call."""

from __future__ import annotations

from typing import Any

import libvirt

from console.virt.libvirt_driver.connection import Driver, call
from console.virt.libvirt_driver.power import power_of
from console.virt.port import DomainSample, Power

_GROUPS = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)

_ON = {Power.RUNNING, Power.PAUSED, Power.SHUTTING_DOWN, Power.SUSPENDED}


class Stats(Driver):
    @call("count what its domains use", seconds=15)
    def samples(self) -> tuple[DomainSample, ...]:
        # NOWAIT: a domain in the middle of a job must not hold up the numbers of all others.
        answers = self._raw.getAllDomainStats(_GROUPS, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
        samples = (_sample(domain.UUIDString(), values) for domain, values in answers)
        return tuple(sample for sample in samples if sample is not None)


def _sample(uuid: str, values: dict[str, Any]) -> DomainSample | None:
    power = power_of(values.get("state.state", libvirt.VIR_DOMAIN_NOSTATE))
    if power not in _ON:
        return DomainSample(uuid, power, 0, 0, 0, 0, 0, 0, 0, 0)
    if "block.count" not in values:
        # A busy domain answers with its state alone. A gap is true; zeros would look like a counter that went back.
        return None
    return DomainSample(
        uuid=uuid,
        power=power,
        cpu_time_ns=values.get("cpu.time", 0),
        vcpus=values.get("vcpu.current", 0),
        memory_mib=values.get("balloon.current", 0) // 1024,
        memory_rss_mib=values.get("balloon.rss", 0) // 1024,
        disk_read_bytes=_sum(values, "block", "rd.bytes"),
        disk_write_bytes=_sum(values, "block", "wr.bytes"),
        net_rx_bytes=_sum(values, "net", "rx.bytes"),
        net_tx_bytes=_sum(values, "net", "tx.bytes"),
    )


def _sum(values: dict[str, Any], group: str, counter: str) -> int:
    count = int(values.get(f"{group}.count", 0))
    return sum(int(values.get(f"{group}.{index}.{counter}", 0)) for index in range(count))

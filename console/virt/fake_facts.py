"""What the fake host says of the things that it keeps."""

from __future__ import annotations

import hashlib

from console.virt.port import DiskFacts, DomainFacts, DomainSpec, NicFacts, Power


def facts_of(spec: DomainSpec, paths: list[str]) -> DomainFacts:
    """What a host would say of a domain that was just defined."""
    return DomainFacts(
        uuid=spec.uuid,
        name=spec.name,
        title=spec.title,
        power=Power.STOPPED,
        reason="",
        persistent=True,
        vcpus=spec.vcpus,
        memory_mib=spec.memory_mib,
        owner=spec.owner,
        disks=tuple(DiskFacts(d.target, path, d.device) for d, path in zip(spec.disks, paths, strict=True)),
        nics=tuple(NicFacts(nic.mac.lower(), nic.network, "") for nic in spec.nics),
    )


def stable_uuid(name: str) -> str:
    """The same uuid for the same name, always."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"

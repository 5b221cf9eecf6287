"""Specs that several tests build on."""

from __future__ import annotations

from typing import Any

from console.virt.port import (
    DiskSpec,
    DomainSpec,
    GraphicsSpec,
    NatNetworkSpec,
    NicSpec,
    Owner,
    VolumeFormat,
    VolumeSpec,
)

UUID = "6a0f6a1e-7c2f-4a34-9a0e-0f8a4ad6f001"
OWNER = Owner(installation="lab", project="p1", instance=UUID)
STRANGER = Owner(installation="other", project="p9", instance=UUID)
NETWORK = NatNetworkSpec("nat0", "vdbr0", "10.99.0.1", 24, "10.99.0.10", "10.99.0.200")
IMAGE = VolumeSpec("images", "base", 1 << 30)
ROOT = VolumeSpec("images", "root", 2 << 30, backing="base")


def small_guest(**changes: Any) -> DomainSpec:
    values: dict[str, Any] = {
        "uuid": UUID,
        "name": "vd-small",
        "title": "Small",
        "owner": OWNER,
        "vcpus": 1,
        "memory_mib": 96,
        "virt_type": "qemu",
        "machine": "pc-q35-7.2",
        "disks": (DiskSpec("images", "root", "vda", serial="root-serial", boot_order=1),),
    }
    return DomainSpec(**{**values, **changes})


def big_guest() -> DomainSpec:
    return small_guest(
        name="vd-big",
        title="数据库 <prod> ]]> & 🚀",
        vcpus=4,
        memory_mib=4096,
        virt_type="kvm",
        disks=(
            DiskSpec("images", "root", "vda", serial="root-serial", boot_order=1),
            DiskSpec("images", "data", "vdb", serial="data-serial", format=VolumeFormat.RAW),
            DiskSpec("images", "seed", "sda", bus="scsi", device="cdrom", format=VolumeFormat.RAW, readonly=True),
        ),
        nics=(NicSpec("52:54:00:00:00:01", "nat0"), NicSpec("52:54:00:00:00:02", "nat0")),
        graphics=GraphicsSpec(listen="10.77.0.1", password="secret77"),
        console_log="/var/lib/virtdeck/images/big.log",
    )

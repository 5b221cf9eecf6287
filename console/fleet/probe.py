"""A guest of 512 bytes that proves that a host really runs guests.

Its boot sector writes one line to the first serial port and halts. A host whose accelerator opens but does not work
never prints it.
"""

from __future__ import annotations

import io
import uuid

from console.fleet.services.installation import installation_id
from console.virt.errors import Missing
from console.virt.port import DiskSpec, DomainSpec, Hypervisor, Owner, VolumeFormat, VolumeSpec

GREETING = b"virtdeck probe ok"
_CODE = bytes.fromhex(
    "fa"  # cli
    "fc"  # cld
    "31c0"  # xor ax, ax
    "8ed8"  # mov ds, ax
    "be177c"  # mov si, 0x7c17: the text behind the code
    "baf803"  # mov dx, 0x3f8: COM1
    "ac"  # next: lodsb
    "84c0"  # test al, al
    "7403"  # jz end
    "ee"  # out dx, al
    "ebf8"  # jmp next
    "f4"  # end: hlt
    "ebfd"  # jmp end
)
_SIZE = 1024 * 1024


def boot_sector() -> bytes:
    """The sector: code, text, and the signature that makes a BIOS start it."""
    return (_CODE + GREETING + b"\r\n\0").ljust(510, b"\0") + b"\x55\xaa"


class Probe:
    """The probe guest of one host. All its names come from its uuid: a second attempt finds the first one's remains."""

    def __init__(self, hypervisor: Hypervisor, probe_id: uuid.UUID, *, pool: str, pool_path: str) -> None:
        self._hypervisor = hypervisor
        self._id = str(probe_id)
        self._pool = pool
        self._log = f"probe-{probe_id}.log"
        self._log_path = f"{pool_path}/{self._log}"
        self._disk = f"probe-{probe_id}.raw"
        self._owner = Owner(installation_id(), "", self._id)

    def start(self, *, virt_type: str, machine: str) -> None:
        """Make disk and domain, and start it."""
        disk = VolumeSpec(self._pool, self._disk, _SIZE, VolumeFormat.RAW)
        self._hypervisor.volume_upload(disk, io.BytesIO(boot_sector().ljust(_SIZE, b"\0")), _SIZE)
        self._hypervisor.domain_ensure(
            DomainSpec(
                uuid=self._id,
                name=f"virtdeck-probe-{self._id[:8]}",
                title="Virtdeck probe",
                owner=self._owner,
                vcpus=1,
                memory_mib=64,
                virt_type=virt_type,
                machine=machine,
                disks=(DiskSpec(self._pool, self._disk, "vda", format=VolumeFormat.RAW, boot_order=1),),
                console_log=self._log_path,
            )
        )
        self._hypervisor.domain_start(self._id, self._owner)

    def has_greeted(self) -> bool:
        """Whether the guest has printed its line."""
        try:
            return GREETING in self._hypervisor.volume_read(self._pool, self._log, 0, 64 * 1024)
        except Missing:
            return False

    def remove(self) -> None:
        """Leave nothing behind; fine at any time."""
        if self._hypervisor.domain_get(self._id) is not None:
            self._hypervisor.domain_destroy(self._id, self._owner)
            self._hypervisor.domain_undefine(self._id, self._owner)
        self._hypervisor.volume_delete(self._pool, self._disk)
        self._hypervisor.volume_delete(self._pool, self._log)

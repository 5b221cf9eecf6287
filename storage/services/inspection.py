"""What an image file really is, asked of `qemu-img` in a cage: no network, little memory, little time, no writing.

A file can lie about its format and refer to other files of the machine that opens it (backing files, external data
files). So the format is never guessed: it is the one that was declared, and a file that looks like another is refused.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from console.core.errors import Invalid, Unavailable

_SECONDS = 20
_ADDRESS_SPACE = 1 << 30
_LARGEST_DISK = 16 * 1024**4
_MAGICS = (
    (0, b"QFI\xfb", "qcow2"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk"),
    (0, b"# Disk Descriptor", "vmdk"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vpc"),
    (64, b"\x7f\x10\xda\xbe", "vdi"),
    (0, b"QED\0", "qed"),
    (0, b"LUKS\xba\xbe", "luks"),
)
"""Where each format has its signature (QEMU, block/*.c and docs/interop)."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Sizes in bytes."""

    virtual_size: int


def inspect(path: Path, declared: str) -> Inspection:
    """Check that a file is a self-contained image of the declared format (`qcow2` or `raw`). Invalid says why not."""
    actual = _magic(path)
    if declared == "qcow2" and actual != "qcow2":
        raise Invalid.field(
            "file", _("The file is not a qcow2 image."), hint=_("Was it declared with the right format?")
        )
    if declared == "raw" and actual is not None:
        raise Invalid.field("file", _("The file was declared raw but is a %(format)s image.") % {"format": actual})
    info = _qemu_img_info(path, declared)
    _refuse_references(info)
    virtual_size = info.get("virtual-size")
    if not isinstance(virtual_size, int) or not 0 < virtual_size <= _LARGEST_DISK:
        raise Invalid.field("file", _("The image describes a disk of an impossible size."))
    return Inspection(virtual_size)


def _magic(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(128)
    return next((name for offset, magic, name in _MAGICS if start.startswith(magic, offset)), None)


def _refuse_references(info: dict[str, Any]) -> None:
    specific = (info.get("format-specific") or {}).get("data") or {}
    if info.get("backing-filename") or info.get("full-backing-filename"):
        raise Invalid.field(
            "file",
            _("The image refers to a backing file and is not complete by itself."),
            hint=_("Flatten it first: qemu-img convert -O qcow2 old.qcow2 new.qcow2"),
        )
    if "data-file" in specific or specific.get("data-file-raw"):
        raise Invalid.field("file", _("The image keeps its data in another file and is not complete by itself."))
    if info.get("encrypted") or specific.get("encrypt"):
        raise Invalid.field("file", _("The image is encrypted."))
    if specific.get("corrupt"):
        raise Invalid.field("file", _("The image is marked corrupt."), hint=_("qemu-img check -r all may repair it."))


def _qemu_img_info(path: Path, declared: str) -> dict[str, Any]:
    command = ["qemu-img", "info", "--output=json", "-f", declared, str(path)]
    if os.geteuid() == 0 and shutil.which("unshare"):
        command = ["unshare", "--net", "--ipc", "--uts", "--", *command]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=_SECONDS,
            preexec_fn=_cage,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid.field("file", _("Looking into the image took too long; it is not accepted.")) from error
    except FileNotFoundError as error:
        raise Unavailable(_("qemu-img is not installed on this machine.")) from error
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        text = reason[0].replace(str(path), "file")[:200]
        raise Invalid.field("file", _("The image cannot be read: %(reason)s") % {"reason": text})
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Invalid.field("file", _("The image cannot be read: %(reason)s") % {"reason": _("no answer of qemu-img")})
    return answer


def _cage() -> None:
    """Limits of the child: CPU time, address space, no files written, no core, few descriptors."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

"""The one place where a libvirtError becomes HostUnavailable, Refused or Missing."""

from __future__ import annotations

from dataclasses import dataclass

import libvirt

from console.virt.errors import HostUnavailable, Missing, Refused, VirtError

_MISSING = {
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_NO_NETWORK,
    libvirt.VIR_ERR_NO_STORAGE_POOL,
    libvirt.VIR_ERR_NO_STORAGE_VOL,
    libvirt.VIR_ERR_NO_DOMAIN_METADATA,
}

_CONNECTION_LOST = {
    libvirt.VIR_ERR_NO_CONNECT,
    libvirt.VIR_ERR_INVALID_CONN,
    libvirt.VIR_ERR_RPC,
    libvirt.VIR_ERR_AUTH_FAILED,
    libvirt.VIR_ERR_AUTH_CANCELLED,
}

_PASSING = {
    # Another job holds the domain, or the monitor is slow: the next attempt may well succeed.
    libvirt.VIR_ERR_OPERATION_TIMEOUT,
    libvirt.VIR_ERR_RESOURCE_BUSY,
}

_NO_REASON = "An error occurred, but the cause is unknown"
"""What libvirt says when a helper of its own died without a word, e.g. while it asks QEMU for its capabilities."""

_TRANSPORT = {libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE}

UNSUPPORTED = {
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
    libvirt.VIR_ERR_INVALID_ARG,
}
"""How a driver says that it does not know a call or a flag."""

_HINTS_BY_CODE = {
    libvirt.VIR_ERR_NO_SUPPORT: "This kind of host does not offer it.",
    libvirt.VIR_ERR_AUTH_FAILED: "Check the credentials or certificates that the connection address names.",
    libvirt.VIR_ERR_OPERATION_TIMEOUT: "Another job on it is still running; wait for it to end.",
}

_HINTS_BY_WORDS = (
    ("No space left", "Free some space in the storage pool."),
    ("Cannot allocate memory", "Choose a host with more free memory or a smaller flavor."),
    ("is not active", "Start it first."),
    ('Failed to get "write" lock', "Another guest has this disk open; detach it there first."),
    ("Permission denied", "Check that libvirt on the host may read and write there."),
    ("Could not open '/dev/kvm'", "Load the kvm module on the host or register it for emulation."),
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A libvirtError taken apart."""

    code: int
    origin: int
    words: str

    @property
    def connection_lost(self) -> bool:
        if self.code in _CONNECTION_LOST:
            return True
        return self.origin in _TRANSPORT and self.code in {libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR}


def complaint_of(error: libvirt.libvirtError) -> Complaint:
    return Complaint(
        code=error.get_error_code() or libvirt.VIR_ERR_INTERNAL_ERROR,
        origin=error.get_error_domain() or libvirt.VIR_FROM_NONE,
        words=error.get_error_message() or str(error),
    )


def translate(error: libvirt.libvirtError, *, host: str, attempt: str) -> VirtError:
    """Return what `error` means for the caller who tried to `attempt` something, e.g. "start domain web-1"."""
    complaint = complaint_of(error)
    message = f"{host} could not {attempt}: {complaint.words}"
    if complaint.connection_lost:
        return HostUnavailable(
            f"{host} was lost while it was asked to {attempt}: {complaint.words}",
            hint=_hint(complaint) or "Check that the host runs and that libvirtd answers on it.",
        )
    if complaint.code in _PASSING or complaint.words.startswith(_NO_REASON):
        return HostUnavailable(message, hint=_hint(complaint))
    if complaint.code in _MISSING:
        return Missing(message)
    return Refused(message, hint=_hint(complaint))


def is_missing(error: libvirt.libvirtError) -> bool:
    return complaint_of(error).code in _MISSING


def is_unsupported(error: libvirt.libvirtError) -> bool:
    return complaint_of(error).code in UNSUPPORTED


def is_out_of_turn(error: libvirt.libvirtError) -> bool:
    """Whether the thing is already in the state asked for, or changed its state under our hands."""
    return bool(complaint_of(error).code == libvirt.VIR_ERR_OPERATION_INVALID)


def already_exists(error: libvirt.libvirtError) -> bool:
    return complaint_of(error).code in {
        libvirt.VIR_ERR_STORAGE_VOL_EXIST,
        libvirt.VIR_ERR_STORAGE_POOL_BUILT,
        libvirt.VIR_ERR_NETWORK_EXIST,
    }


def silence_libvirt() -> None:
    """Keep libvirt from printing every error to stderr: each is raised to a caller anyway."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)


def _hint(complaint: Complaint) -> str:
    for words, hint in _HINTS_BY_WORDS:
        if words in complaint.words:
            return hint
    return _HINTS_BY_CODE.get(complaint.code, "")

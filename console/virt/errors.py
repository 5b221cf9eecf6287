"""What can go wrong on a hypervisor, in three kinds that callers treat differently."""

from __future__ import annotations


class VirtError(Exception):
    """Any failure of a hypervisor call.

    `message` says what happened to what; `hint` says what a person can do about it (may be empty).
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class HostUnavailable(VirtError):
    """The host did not answer in time or cannot be reached. Trying again later is right."""


class Refused(VirtError):
    """The host answered and said no. Trying again without a change is pointless."""


class Missing(VirtError):
    """The thing asked for is not on this host."""

"""Every libvirtError becomes one of three kinds, in words."""

from __future__ import annotations

import libvirt
import pytest

from console.virt.errors import HostUnavailable, Missing, Refused
from console.virt.libvirt_driver.errors import translate


def libvirt_error(code: int, origin: int = 0, words: str = "words") -> libvirt.libvirtError:
    error = libvirt.libvirtError("call failed")
    error.err = (code, origin, words, 2, None, None, None, -1, -1)
    return error


@pytest.mark.parametrize(
    ("code", "origin", "kind"),
    [
        (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_FROM_QEMU, Missing),
        (libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_FROM_STORAGE, Missing),
        (libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_FROM_NONE, HostUnavailable),
        (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_RPC, HostUnavailable),
        (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_RPC, HostUnavailable),
        (libvirt.VIR_ERR_OPERATION_TIMEOUT, libvirt.VIR_FROM_QEMU, HostUnavailable),
        (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_STORAGE, Refused),
        (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_QEMU, Refused),
        (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_FROM_QEMU, Refused),
        (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_FROM_NONE, Refused),
    ],
)
def test_kinds(code, origin, kind):
    assert type(translate(libvirt_error(code, origin), host="host a", attempt="do it")) is kind


def test_a_refusal_without_a_reason_is_tried_again():
    error = libvirt_error(libvirt.VIR_ERR_INTERNAL_ERROR, words="An error occurred, but the cause is unknown")
    assert type(translate(error, host="host a", attempt="do it")) is HostUnavailable


def test_messages_say_what_failed_for_whom_and_what_helps():
    full = libvirt_error(libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_STORAGE, "write: No space left on device")
    error = translate(full, host="host a", attempt="make volume root")
    assert error.message == "host a could not make volume root: write: No space left on device"
    assert "Free some space" in error.hint


def test_an_error_without_details_is_still_told():
    error = translate(libvirt.libvirtError("open() failed"), host="host a", attempt="answer")
    assert "host a could not answer" in error.message

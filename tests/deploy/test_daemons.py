"""What make up does for libvirt beyond starting it."""

from __future__ import annotations

from pathlib import Path

from deploy.local import daemons


def test_only_a_device_is_given_to_a_group(tmp_path: Path) -> None:
    file = tmp_path / "kvm"
    file.touch(0o600)
    assert not daemons.open_kvm_to_its_group(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_group_that_is_not_there_changes_nothing() -> None:
    assert not daemons.open_kvm_to_its_group(Path("/dev/null"), group="no-such-group")

"""A file is what it was declared to be, whole in itself, or it is refused; and looking into it is cheap."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.core.errors import Invalid, Unavailable
from storage.services import inspection
from storage.services.inspection import inspect

MIB = 1024 * 1024


def qemu_img(*arguments: str | Path) -> None:
    subprocess.run(["qemu-img", *map(str, arguments)], check=True, capture_output=True)


def refused(path: Path, declared: str = "qcow2") -> str:
    with pytest.raises(Invalid) as caught:
        inspect(path, declared)
    assert list(caught.value.fields) == ["file"]
    assert str(path) not in caught.value.message
    return caught.value.message


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "64M")
    return path


def test_good_files(good: Path, tmp_path: Path) -> None:
    assert inspect(good, "qcow2").virtual_size == 64 * MIB
    raw = tmp_path / "good.raw"
    raw.write_bytes(b"\0" * MIB)
    assert inspect(raw, "raw").virtual_size == MIB
    old = tmp_path / "old.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-o", "compat=0.10", old, "1M")
    assert inspect(old, "qcow2").virtual_size == MIB


def with_backing(folder: Path) -> Path:
    secret = folder / "secret.raw"
    secret.write_bytes(b"secret".ljust(MIB, b"\0"))
    path = folder / "backed.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", path)
    return path


def with_backing_that_is_not_there(folder: Path) -> Path:
    path = folder / "backed.qcow2"
    qemu_img("create", "-q", "-u", "-f", "qcow2", "-b", "/etc/shadow", "-F", "raw", path, "1M")
    return path


def with_backing_by_json(folder: Path) -> Path:
    path = folder / "backed.qcow2"
    lie = 'json:{"driver":"raw","file":{"driver":"file","filename":"/etc/shadow"}}'
    qemu_img("create", "-q", "-u", "-f", "qcow2", "-b", lie, "-F", "raw", path, "1M")
    return path


def with_backing_on_the_net(folder: Path) -> Path:
    path = folder / "backed.qcow2"
    qemu_img("create", "-q", "-u", "-f", "qcow2", "-b", "nbd://127.0.0.1:10809/x", "-F", "raw", path, "1M")
    return path


def with_data_file(folder: Path) -> Path:
    path = folder / "data.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-o", f"data_file={folder / 'elsewhere.raw'}", path, "1M")
    return path


def with_raw_data_file(folder: Path) -> Path:
    path = folder / "data.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-o", f"data_file={folder / 'elsewhere.raw'},data_file_raw=on", path, "1M")
    return path


def encrypted(folder: Path) -> Path:
    path = folder / "luks.qcow2"
    options = "encrypt.format=luks,encrypt.key-secret=k,encrypt.iter-time=10"
    qemu_img("create", "-q", "--object", "secret,id=k,data=pass", "-f", "qcow2", "-o", options, path, "1M")
    return path


def marked_corrupt(folder: Path) -> Path:
    path = folder / "corrupt.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "1M")
    patch(path, 72, struct.pack(">Q", 2))  # incompatible features, bit 1: corrupt (docs/interop/qcow2.txt)
    return path


def of_absurd_size(folder: Path) -> Path:
    path = folder / "absurd.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "1M")
    patch(path, 24, struct.pack(">Q", 1 << 62))
    return path


def too_large_a_disk(folder: Path) -> Path:
    path = folder / "large.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-o", "cluster_size=2M", path, "17T")
    return path


def without_a_disk(folder: Path) -> Path:
    path = folder / "none.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "0")
    return path


def of_wrong_magic(folder: Path) -> Path:
    path = folder / "text.qcow2"
    path.write_bytes(b"GIF89a" + b"\0" * MIB)
    return path


def truncated(folder: Path) -> Path:
    path = folder / "short.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "64M")
    os.truncate(path, 40)
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.qcow2"
    path.touch()
    return path


def with_unknown_features(folder: Path) -> Path:
    path = folder / "future.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "1M")
    patch(path, 72, struct.pack(">Q", 1 << 40))
    return path


def patch(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


@pytest.mark.parametrize(
    "make",
    [
        with_backing,
        with_backing_that_is_not_there,
        with_backing_by_json,
        with_backing_on_the_net,
        with_data_file,
        with_raw_data_file,
        encrypted,
        marked_corrupt,
        of_absurd_size,
        too_large_a_disk,
        without_a_disk,
        of_wrong_magic,
        truncated,
        empty,
        with_unknown_features,
    ],
    ids=lambda make: make.__name__,
)
def test_bad_qcow2_files_are_refused(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    began = time.monotonic()
    assert refused(path)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vhdx", "vpc", "vdi", "qed", "luks", "qcow"])
def test_a_raw_file_that_is_something_else_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "disk"
    secret = ["--object", "secret,id=k,data=pass", "-o", "key-secret=k,iter-time=10"] if kind == "luks" else []
    qemu_img("create", "-q", *secret, "-f", kind, path, "1M")
    assert "raw" in refused(path, "raw")


def test_a_raw_file_of_nothing_is_refused(tmp_path: Path) -> None:
    refused(empty(tmp_path), "raw")


def fake_qemu_img(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tool = folder / "bin" / "qemu-img"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")


def test_a_look_that_takes_too_long_is_ended(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # the cage lets no file be written, so the child tells its pid through a pipe
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    fake_qemu_img(tmp_path, monkeypatch, f"echo $$ >{pipe}; sleep 30")
    monkeypatch.setattr(inspection, "_SECONDS", 1)
    began = time.monotonic()
    assert "too long" in refused(good)
    assert time.monotonic() - began < 5
    child = int(os.read(reader, 32))
    os.close(reader)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def test_a_look_cannot_eat_the_machine(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = tmp_path / "spill"
    fake_qemu_img(tmp_path, monkeypatch, f"ulimit -v; ulimit -t; echo x >{spill}; echo done >&2; exit 1")
    refused(good)
    assert not spill.exists() or spill.stat().st_size == 0


@pytest.mark.parametrize("answer", ["", "no json", "[]", '{"virtual-size": "x"}', "{}"])
def test_an_answer_that_makes_no_sense_is_a_refusal(
    answer: str, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_qemu_img(tmp_path, monkeypatch, f"cat <<'END'\n{answer}\nEND")
    refused(good)


def test_a_machine_without_the_tool_says_so(good: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="qemu-img"):
        inspect(good, "qcow2")

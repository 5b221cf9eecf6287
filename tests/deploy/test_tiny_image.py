"""The tiny guest: what its start-up promises, on a real QEMU."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.deploy.guest import boot, config_drive

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "deploy/tiny-image/build.sh"
JSON_AWK = ROOT / "deploy/tiny-image/rootfs/usr/lib/virtdeck/json.awk"

pytestmark = pytest.mark.skipif(
    not shutil.which("qemu-system-x86_64") or not shutil.which("apt-get"), reason="needs QEMU and apt"
)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the image once; the packages are kept under var/ so that a second run downloads nothing."""
    output = tmp_path_factory.mktemp("tiny") / "tiny.qcow2"
    cache = Path(os.environ.get("VIRTDECK_VAR", ROOT / "var")) / "cache/tiny-image-packages"
    subprocess.run([BUILD, output, "--cache", cache], check=True)
    return output


def flatten(text: str) -> dict[str, str]:
    result = subprocess.run(
        ["busybox", "awk", "-f", JSON_AWK],
        input=text.encode(),
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
    )
    if result.returncode:
        raise ValueError(text)
    return dict(line.split("\t", 1) for line in result.stdout.decode("utf-8", "surrogateescape").splitlines())


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        'quote " and \\ back',
        "tab\tline\nend",
        "虚拟机",
        "😀",
        "é",
        "</script>",
        "\x01\x7f",
        "a" * 20000,
        "",
        "]]>",
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_strings_survive_the_reader(value: str, ascii_only: bool) -> None:
    found = flatten(
        json.dumps({"hostname": value, "keys": [{"data": value}], "n": [1, None, True, {}]}, ensure_ascii=ascii_only)
    )
    wanted = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    assert found["hostname"] == wanted
    assert found["keys/0/data"] == wanted
    assert found["n/1"] == "null"


@pytest.mark.parametrize("text", ["", "{", '{"a"}', '{"a": "b', '{"a": "\\q"}', '{"a": "\\u12"}', "[1,]", "{} x"])
def test_bad_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        flatten(text)


def test_boots_configures_itself_and_obeys_the_power_button(image: Path, tmp_path: Path) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample someone@somewhere"
    script = b"#!/bin/bash\necho user-data-says-$((6*7)) on $(hostname)\nexit 3\n"
    drive = config_drive(
        tmp_path / "c.iso",
        {"hostname": "web-\u00e9 1.example", "public_keys": {"mine": key}, "keys": [{"type": "ssh", "data": key}]},
        script,
    )
    with boot(image, tmp_path, drive=drive) as guest:
        seconds = guest.wait_for("virtdeck: ready web-1.example")
        print(f"ready after {seconds:.1f} s")
        assert seconds < 30
        guest.wait_for("virtdeck: address 10.0.2.15")
        assert guest.text.count(f"virtdeck: key {key}") == 1
        assert "user-data-says-42 on web-1.example" in guest.text
        assert "user data ended with status 3" in guest.text
        guest.wait_for("virtdeck# ")
        assert "job control" not in guest.text
        guest.type("echo sum-$((20+3)); cat /root/.ssh/authorized_keys | wc -l; tty")
        guest.wait_for("sum-23")
        guest.wait_for("/dev/ttyS0")
        guest.press_power_button()
        begun = time.monotonic()
        assert guest.process.wait(timeout=20) == 0
        print(f"off after {time.monotonic() - begun:.1f} s")


def test_starts_without_drive_network_or_serial_answer(image: Path, tmp_path: Path) -> None:
    with boot(image, tmp_path, extra=("-nic", "none")) as guest:
        guest.wait_for("virtdeck: ready virtdeck")
        guest.wait_for("virtdeck# ")


def test_broken_metadata_does_not_stop_it(image: Path, tmp_path: Path) -> None:
    drive = config_drive(tmp_path / "c.iso", '{"hostname": "x', b"just text, not a script\n")
    with boot(image, tmp_path, drive=drive, memory=128) as guest:
        guest.wait_for("meta_data.json is not valid JSON")
        guest.wait_for("virtdeck: ready virtdeck")
        assert "user data starts" not in guest.text


def test_a_user_data_script_that_hangs_leaves_the_consoles_open(image: Path, tmp_path: Path) -> None:
    drive = config_drive(tmp_path / "c.iso", {"name": "slow"}, b"#!/bin/sh\necho begun\nsleep 1000\n")
    with boot(image, tmp_path, drive=drive) as guest:
        guest.wait_for("begun")
        guest.wait_for("virtdeck# ", seconds=60)


def test_builds_the_same_bytes_twice(image: Path, tmp_path: Path) -> None:
    cache = Path(os.environ.get("VIRTDECK_VAR", ROOT / "var")) / "cache/tiny-image-packages"
    subprocess.run([BUILD, tmp_path / "again.qcow2", "--cache", cache], check=True)
    assert subprocess.run(["qemu-img", "compare", image, tmp_path / "again.qcow2"], check=False).returncode == 0
    assert not list(tmp_path.glob("*.part*"))

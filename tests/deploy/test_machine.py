"""What the machine lacks, and the cure that is told."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.local import daemons, packages
from deploy.local.config import Config
from deploy.local.report import Trouble

ROOT = Path(__file__).resolve().parents[2]


def test_without_root_the_command_to_run_is_told(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "missing", lambda _tests: ["qemu-utils", "cpio"])
    monkeypatch.setattr(packages, "_offered", lambda _name: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Trouble) as caught:
        packages.ensure(config)
    assert "apt-get install" in caught.value.cure
    assert "qemu-utils cpio" in caught.value.cure


def test_packages_that_a_release_does_not_offer_are_left_out(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(packages, "missing", lambda _tests: ["of-another-release", "cpio"])
    monkeypatch.setattr(packages, "_offered", lambda name: name != "of-another-release")
    monkeypatch.setattr(packages, "_apt", lambda _config, *words: done.append(words))
    monkeypatch.setattr(packages._NoServices, "path", config.var / "policy-rc.d")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    packages.ensure(config)
    assert done == [("install", "--no-install-recommends", "cpio")]
    assert not (config.var / "policy-rc.d").exists()


def test_stale_lists_are_fetched_and_the_installation_tried_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def apt(_config: Config, *words: str) -> None:
        done.append(words[0])
        if done == ["install"]:
            raise Trouble("404")

    monkeypatch.setattr(packages, "missing", lambda _tests: ["cpio"])
    monkeypatch.setattr(packages, "_offered", lambda _name: True)
    monkeypatch.setattr(packages, "_apt", apt)
    monkeypatch.setattr(packages._NoServices, "path", config.var / "policy-rc.d")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    packages.ensure(config)
    assert done == ["install", "update", "install"]


@pytest.mark.parametrize(
    ("told", "cure"),
    [
        ("internal error: Network is already in use by interface eth0", "net-edit"),
        ("internal error: Network is already in use by interface virbr0", "ip link delete"),
        ("error: Failed to apply firewall rules /usr/sbin/iptables", "iptable_nat"),
        ("dnsmasq: failed to create listening socket for 192.168.122.1", "port 53"),
        ("Unable to create bridge virbr0: Operation not permitted", "NET_ADMIN"),
        ("something new", "net-start"),
    ],
)
def test_a_network_that_does_not_start_has_a_cure(told: str, cure: str) -> None:
    assert cure in daemons._network_cure(told)


@pytest.mark.parametrize(
    "script", [".ci/run", "deploy/lint.sh", "deploy/local/python.sh", "deploy/tiny-image/build.sh"]
)
def test_scripts_are_executable_and_parse(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert subprocess.run(["bash", "-n", ROOT / script], check=False).returncode == 0


def test_the_python_that_is_found_is_new_enough() -> None:
    found = subprocess.run([ROOT / "deploy/local/python.sh"], capture_output=True, text=True, check=True).stdout.strip()
    code = "import sys; print(sys.version_info >= (3, 11))"
    assert subprocess.run([found, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "True"

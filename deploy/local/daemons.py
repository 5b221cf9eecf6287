"""libvirt's daemons and its `default` network."""

from __future__ import annotations

import grp
import os
import subprocess
import time
from pathlib import Path

from deploy.local.config import Config, has_systemd
from deploy.local.processes import listener
from deploy.local.report import Trouble, step
from deploy.local.shell import run

KVM = Path("/dev/kvm")
LIBVIRT_SOCKET = Path("/run/libvirt/libvirt-sock")
URI = "qemu:///system"


def open_kvm_to_its_group(device: Path = KVM, group: str = "kvm") -> bool:
    """Give the device to the group `kvm`, as udev's rule does, where no udev runs; True if that was needed.

    QEMU's own user could not open it otherwise; and libvirt, which probes as root but checks as that user, would find
    its knowledge of QEMU outdated and probe anew in every call: seconds each time.
    """
    if os.geteuid() != 0 or Path("/run/udev/control").exists() or not device.is_char_device():
        return False
    try:
        wanted = grp.getgrnam(group).gr_gid
    except KeyError:
        return False
    there = device.stat()
    if there.st_gid == wanted and there.st_mode & 0o060 == 0o060:
        return False
    os.chown(device, -1, wanted)
    device.chmod(0o660)
    return True


def start_by_systemd(config: Config) -> str:
    """Start libvirtd by systemd; its socket unit brings it back when somebody asks."""
    if listener(LIBVIRT_SOCKET) is not None:
        return "running"
    if os.geteuid() != 0:
        raise Trouble("libvirtd is not running, and only root can start it.", "sudo systemctl enable --now libvirtd")
    result = run(
        config, ["systemctl", "enable", "--now", "libvirtd"], what="starting libvirtd", as_root=True, check=False
    )
    if result.returncode:
        # Split daemons of newer releases.
        run(
            config,
            ["systemctl", "enable", "--now", "virtqemud.socket", "virtnetworkd.socket", "virtstoraged.socket"],
            what="starting libvirt",
            cure="See: journalctl -u libvirtd",
            as_root=True,
        )
    return "started"


def wait_until_answering(config: Config) -> str:
    """Wait until libvirt answers a question, and say its version."""
    deadline = time.monotonic() + 30
    while True:
        result = run(config, ["virsh", "-c", URI, "version"], what="virsh version", check=False, env={"LC_ALL": "C"})
        if result.returncode == 0:
            lines = [line for line in result.stdout.splitlines() if line.startswith(("Using library", "Running"))]
            return ", ".join(line.split(":", 1)[1].strip() for line in lines) or "answers"
        if time.monotonic() > deadline or "denied" in result.stdout.lower():
            break
        time.sleep(0.3)
    told = result.stdout.strip().splitlines()
    text = told[-1] if told else "no answer"
    if "denied" in text.lower() or "authenticat" in text.lower():
        raise Trouble(
            f"{config.owner.name} may not use libvirt: {text}",
            f"sudo adduser {config.owner.name} libvirt   (then log in again)",
        )
    if os.geteuid() != 0 and listener(LIBVIRT_SOCKET) is None:
        raise Trouble(
            "libvirtd is not running, and only root can start it.", "Run `make up` as root, or start libvirtd yourself."
        )
    where = "journalctl -u libvirtd" if has_systemd() else f"{config.log}/libvirtd.log"
    raise Trouble(f"libvirt does not answer: {text}", f"See {where}.")


def ensure_network(config: Config) -> None:
    """See that libvirt's `default` network is there and active: guests get their addresses from it."""
    with step("Network 'default'") as one:
        one.result = _network(config)


def _network(config: Config) -> str:
    def virsh(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["virsh", "-q", "-c", URI, *arguments]
        return run(config, command, what="virsh " + " ".join(arguments[:2]), check=check, env={"LC_ALL": "C"})

    if "default" in virsh("net-list", "--name").stdout.split():
        return "active"
    done = "started"
    if "default" not in virsh("net-list", "--all", "--name").stdout.split():
        file = Path("/usr/share/libvirt/networks/default.xml")
        if not file.is_file():
            raise Trouble(
                "libvirt's default network is gone, and so is its template.",
                "apt-get install --reinstall libvirt-daemon-config-network",
            )
        virsh("net-define", str(file))
        done = "defined and started"
    result = virsh("net-start", "default", check=False)
    if result.returncode:
        told = result.stdout.strip()
        raise Trouble(f"libvirt cannot start the network 'default': {told}", _network_cure(told))
    virsh("net-autostart", "default")
    return done


def _network_cure(told: str) -> str:
    low = told.lower()
    if "interface virbr" in low:
        return (
            "A bridge of another libvirt, or one left over from it, has this subnet. If nobody needs it any more: "
            "`ip link delete virbr0`, then run `make up` again."
        )
    if "already in use" in low:
        return (
            "Another interface has 192.168.122.0/24 (often: this machine is itself a guest of libvirt). Run "
            "`virsh net-edit default`, choose another subnet, for example 192.168.130.0/24, and run `make up` again."
        )
    if "iptables" in low or "nft" in low or "firewall" in low:
        return "The kernel refuses firewall rules. Try `modprobe iptable_nat`, or run with the right NET_ADMIN."
    if "dnsmasq" in low:
        return "Another DNS server may hold port 53 on all addresses: let it listen on its own only (bind-interfaces)."
    if "bridge" in low or "permitted" in low or "tun" in low:
        return "This machine may not make bridges: it needs NET_ADMIN and the module `bridge` (modprobe bridge tun)."
    return "See libvirt's log; `virsh net-start default` shows the same."

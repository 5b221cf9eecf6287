"""Run the tiny image on plain QEMU and talk to it: no libvirt, no Virtdeck."""

import contextlib
import io
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pycdlib


def config_drive(path: Path, metadata: dict[str, object] | str, user_data: bytes = b"") -> Path:
    """Write an ISO labelled config-2 that holds the `openstack/latest/` files."""
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=4, joliet=3, rock_ridge="1.09", vol_ident="config-2")
    for folder in ("/openstack", "/openstack/latest"):
        iso.add_directory(folder, joliet_path=folder, rr_name=folder.rsplit("/", 1)[1])
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    files = {"meta_data.json": text.encode(), "user_data": user_data}
    for name, content in files.items():
        if content:
            where = f"/openstack/latest/{name}"
            iso.add_fp(io.BytesIO(content), len(content), where, joliet_path=where, rr_name=name)
    iso.write(str(path))
    iso.close()
    return path


class Guest:
    """A running QEMU with its serial console and monitor as sockets."""

    def __init__(self, process: subprocess.Popen[bytes], serial: socket.socket, monitor: socket.socket) -> None:
        self.process = process
        self.serial = serial
        self.monitor = monitor
        self.text = ""
        self.started = time.monotonic()

    def wait_for(self, word: str, seconds: float = 60) -> float:
        """Read the console until `word` is seen; return the seconds since the start."""
        deadline = time.monotonic() + seconds
        self.serial.settimeout(0.2)
        while word not in self.text:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {word!r} within {seconds} s on the console:\n{self.text[-3000:]}")
            with contextlib.suppress(TimeoutError):
                data = self.serial.recv(65536)
                if not data and self.process.poll() is not None:
                    raise AssertionError(f"QEMU ended before {word!r}:\n{self.text[-3000:]}")
                self.text += data.decode("utf-8", "replace")
        return time.monotonic() - self.started

    def type(self, line: str) -> None:
        self.serial.sendall(line.encode() + b"\n")

    def press_power_button(self) -> None:
        self.monitor.sendall(b"system_powerdown\n")


@contextlib.contextmanager
def boot(
    image: Path, folder: Path, *, memory: int = 96, drive: Path | None = None, extra: tuple[str, ...] = ()
) -> Iterator[Guest]:
    """Start the image under TCG with its changes thrown away; end it when the block ends."""
    sockets = {name: folder / name for name in ("serial", "monitor")}
    command = ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", str(memory), "-display", "none", "-nodefaults"]
    command += ["-vga", "std", "-drive", f"file={image},if=virtio,snapshot=on", "-nic", "user,model=virtio-net-pci"]
    command += ["-device", "virtio-rng-pci", "-device", "virtio-balloon-pci", "-device", "virtio-scsi-pci"]
    command += ["-chardev", f"socket,id=serial,path={sockets['serial']},server=on,wait=on", "-serial", "chardev:serial"]
    command += ["-monitor", f"unix:{sockets['monitor']},server=on,wait=off", *extra]
    if drive:
        command += [
            "-drive",
            f"file={drive},if=none,id=config,media=cdrom,readonly=on",
            "-device",
            "scsi-cd,drive=config",
        ]
    process = subprocess.Popen(command)
    try:
        opened = {}
        for name in ("serial", "monitor"):
            opened[name] = socket.socket(socket.AF_UNIX)
            for _ in range(100):
                with contextlib.suppress(OSError):
                    opened[name].connect(str(sockets[name]))
                    break
                time.sleep(0.05)
        yield Guest(process, opened["serial"], opened["monitor"])
    finally:
        process.kill()
        process.wait()
        for one in opened.values():
            one.close()

"""A quick look whether anybody is there: libvirt's own open waits for a silent address without end."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from console.virt.errors import HostUnavailable

_PORTS = {"tcp": 16509, "tls": 16514, "ssh": 22, "libssh": 22, "libssh2": 22}
_SYSTEM_SOCKETS = ("/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock")


def host_of(uri: str) -> str:
    """Return how messages call the host behind `uri`."""
    parts = urlsplit(uri)
    return f"host {parts.hostname}" if parts.hostname else f"host {uri}"


def is_local(uri: str) -> bool:
    """Whether the connection is a unix socket of this machine, over which file descriptors can be handed."""
    _driver, _, transport = urlsplit(uri).scheme.partition("+")
    return not urlsplit(uri).hostname and transport in {"", "unix"}


def probe(uri: str, *, timeout: float) -> None:
    """Return if something accepts connections at `uri`; HostUnavailable within `timeout` seconds if not."""
    parts = urlsplit(uri)
    driver, _, transport = parts.scheme.partition("+")
    if driver == "test":
        return
    if parts.hostname and transport in {*_PORTS, ""}:
        # Without a transport a host name means TLS (https://libvirt.org/uri.html).
        _probe_tcp(uri, parts.hostname, parts.port or _PORTS[transport or "tls"], timeout)
    elif not parts.hostname:
        _probe_unix(uri, timeout)


def _probe_tcp(uri: str, name: str, port: int, timeout: float) -> None:
    try:
        socket.create_connection((name, port), timeout=timeout).close()
    except OSError as error:
        raise HostUnavailable(
            f"{host_of(uri)} does not answer on port {port}: {error}",
            hint="Check that the host is up, that libvirtd listens there and that no firewall is in between.",
        ) from error


def _probe_unix(uri: str, timeout: float) -> None:
    parts = urlsplit(uri)
    named = parse_qs(parts.query).get("socket")
    if named is None and parts.path != "/system":
        return
    candidates = [path for path in named or _SYSTEM_SOCKETS if Path(path).exists()]
    if not candidates:
        raise HostUnavailable(
            f"{host_of(uri)} has no libvirt socket at {' or '.join(named or _SYSTEM_SOCKETS)}",
            hint="Start libvirtd (or virtqemud) on the host.",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(candidates[0])
        except OSError as error:
            raise HostUnavailable(
                f"{host_of(uri)} does not answer at {candidates[0]}: {error}",
                hint="Start libvirtd (or virtqemud) on the host, and check who may use its socket.",
            ) from error

"""The config drive: cloud-init's data on a small ISO labelled `config-2`, in OpenStack's layout.

Source of the layout: OpenStack Nova, "Metadata: config drives", and cloud-init's ConfigDrive data source.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pycdlib

LABEL = "config-2"


@dataclass(frozen=True, slots=True)
class Nic:
    """A card of the guest, as far as the guest must know it."""

    port_id: str
    network_id: str
    mac: str


@dataclass(frozen=True, slots=True)
class GuestData:
    """What the guest is told of itself."""

    uuid: str
    name: str
    hostname: str
    project_id: str
    user_data: str = ""
    key_name: str = ""
    public_key: str = ""
    nics: Sequence[Nic] = ()


def build(data: GuestData) -> bytes:
    """The ISO image, whole."""
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    for folder, iso_folder in (("/openstack", "/OPENSTAC"), ("/openstack/latest", "/OPENSTAC/LATEST")):
        iso.add_directory(iso_folder, rr_name=folder.rsplit("/", 1)[1], joliet_path=folder)
    for number, (name, content) in enumerate(files(data).items()):
        iso.add_fp(
            io.BytesIO(content),
            len(content),
            f"/OPENSTAC/LATEST/FILE{number}.;1",
            rr_name=name,
            joliet_path=f"/openstack/latest/{name}",
        )
    out = io.BytesIO()
    iso.write_fp(out)
    iso.close()
    return out.getvalue()


def files(data: GuestData) -> dict[str, bytes]:
    """The files of `openstack/latest/` by name. Without user data there is no such file, as in OpenStack."""
    found = {
        "meta_data.json": _json(_meta_data(data)),
        "network_data.json": _json(_network_data(data)),
        "vendor_data.json": _json({}),
        "vendor_data2.json": _json({}),
    }
    if data.user_data:
        found["user_data"] = data.user_data.encode()
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _meta_data(data: GuestData) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "uuid": data.uuid,
        "name": data.name,
        "hostname": data.hostname,
        "project_id": data.project_id,
        "launch_index": 0,
        "availability_zone": "nova",
    }
    if data.public_key:
        meta["public_keys"] = {data.key_name: data.public_key}
        meta["keys"] = [{"name": data.key_name, "type": "ssh", "data": data.public_key}]
    return meta


def _network_data(data: GuestData) -> dict[str, Any]:
    return {
        "links": [
            {"id": f"tap{nic.port_id[:11]}", "type": "phy", "ethernet_mac_address": nic.mac, "mtu": 1500}
            for nic in data.nics
        ],
        "networks": [
            {
                "id": f"network{number}",
                "type": "ipv4_dhcp",
                "link": f"tap{nic.port_id[:11]}",
                "network_id": nic.network_id,
            }
            for number, nic in enumerate(data.nics)
        ],
        "services": [],
    }

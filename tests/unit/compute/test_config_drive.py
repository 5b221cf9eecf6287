"""What a guest reads from its config drive is what was sent, byte for byte."""

from __future__ import annotations

import io
import json
from typing import Any

import pycdlib
import pytest

from compute.models.instances import Instance
from compute.services import config_drive
from compute.services.config_drive import GuestData, Nic
from compute.services.instances import USER_DATA_BYTES, host_name
from tests import factories

HOSTILE = "#!/bin/sh\necho '<x>]]>&amp;' \"🦊\" ../../ \\ $HOME `id` %s\r\n\ttab\x1b[31m\n"
DATA = GuestData(
    uuid="4f0c3b1e-6d0a-4a53-9a51-6a5d1c0e9b11",
    name="🦊 <b>]]></b> ../../x",
    hostname="b-b-x",
    project_id="9d6c1f0a-0000-4000-8000-000000000001",
    user_data=HOSTILE,
    key_name='key "1" 🔑',
    public_key="ssh-ed25519 AAAA someone@somewhere",
    nics=[Nic("0a1b2c3d-1111-4222-8333-444455556666", "net-1", "52:54:00:00:00:01")],
)


def read(image: bytes, path: str, how: str) -> bytes:
    iso = pycdlib.PyCdlib()
    iso.open_fp(io.BytesIO(image))
    try:
        out = io.BytesIO()
        iso.get_file_from_iso_fp(out, **{how: path})
        return out.getvalue()
    finally:
        iso.close()


def label(image: bytes) -> str:
    """Bytes 40 to 71 of the primary volume descriptor (ECMA-119, 8.4.7), which is what blkid shows."""
    return image[16 * 2048 + 40 : 16 * 2048 + 72].decode("ascii").rstrip()


@pytest.mark.parametrize("user_data", ["", HOSTILE, "]]>", "🦊" * (USER_DATA_BYTES // 4), "x" * USER_DATA_BYTES])
@pytest.mark.parametrize(("how", "folder"), [("rr_path", "/openstack/latest"), ("joliet_path", "/openstack/latest")])
def test_every_file_reads_back_byte_for_byte(user_data: str, how: str, folder: str) -> None:
    from dataclasses import replace

    data = replace(DATA, user_data=user_data)
    image = config_drive.build(data)
    assert label(image) == "config-2"
    files = config_drive.files(data)
    assert ("user_data" in files) == bool(user_data)
    for name, content in files.items():
        assert read(image, f"{folder}/{name}", how) == content
    if user_data:
        assert files["user_data"] == user_data.encode()


def test_what_stands_in_the_files() -> None:
    files = {name: content for name, content in config_drive.files(DATA).items() if name.endswith(".json")}
    meta: dict[str, Any] = json.loads(files["meta_data.json"])
    assert (meta["uuid"], meta["name"], meta["hostname"]) == (DATA.uuid, DATA.name, DATA.hostname)
    assert meta["public_keys"] == {DATA.key_name: DATA.public_key}
    network = json.loads(files["network_data.json"])
    assert network["links"][0]["ethernet_mac_address"] == "52:54:00:00:00:01"
    assert network["networks"][0]["link"] == network["links"][0]["id"]
    assert json.loads(files["vendor_data.json"]) == {}


@pytest.mark.django_db
def test_the_drive_of_an_instance_carries_its_data() -> None:
    project = factories.project()
    instance = factories.instance(project, name="名前 🦊 Web", user_data=HOSTILE)
    fake = factories.fake_of(instance.host)
    size = fake.volume_get("pool", instance.config_drive_name)
    assert size is not None
    image = fake.volume_read("pool", instance.config_drive_name, 0, size.capacity)
    assert read(image, "/openstack/latest/user_data", "rr_path") == HOSTILE.encode()
    meta = json.loads(read(image, "/openstack/latest/meta_data.json", "rr_path"))
    assert (meta["uuid"], meta["name"], meta["hostname"]) == (str(instance.pk), "名前 🦊 Web", "web")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", "web"),
        ("Web Server 1", "web-server-1"),
        ("web.example.org", "web-example-org"),
        ("--web--", "web"),
        ("a_b", "a-b"),
        ("<b>bold</b>", "b-bold-b"),
        ("../../etc/passwd", "etc-passwd"),
        ("ÄÖÜ x", "x"),
        ("9lives", "9lives"),
        ("x" * 100, "x" * 63),
        ("x" * 62 + "-y", "x" * 62),
        ("🦊", None),
        ("名前", None),
        ("---", None),
    ],
)
def test_host_names_are_dns_labels(name: str, expected: str | None) -> None:
    instance = Instance(name=name)
    label = host_name(instance)
    assert label == (expected or f"instance-{str(instance.pk)[:8]}")
    assert 1 <= len(label) <= 63 and label[0] != "-" and label[-1] != "-"

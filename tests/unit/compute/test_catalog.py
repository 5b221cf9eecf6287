"""Flavors and key pairs: what may stand in them, and who may change them."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from compute.models.catalog import Flavor, KeyPair
from compute.services.flavors import flavor_create, flavor_delete, flavor_update, flavor_usable
from compute.services.key_pairs import key_pair_delete, key_pair_generate, key_pair_import, key_pair_usable
from console.core.errors import Conflict, Forbidden, Invalid, NotFound
from console.core.scope import Role
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_changed_flavor_changes_no_instance() -> None:
    project = factories.project()
    instance = factories.instance(project)
    flavor_update(factories.SYSTEM, flavor_id=instance.flavor_id, vcpus=4, enabled=False)
    instance.refresh_from_db()
    assert instance.vcpus == 1
    with pytest.raises(Invalid):
        flavor_usable(factories.scope(project), instance.flavor_id)
    flavor_delete(factories.SYSTEM, flavor_id=instance.flavor_id)
    instance.refresh_from_db()
    assert (instance.flavor_id, instance.memory_mib) == (None, 128)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"vcpus": 0}, "vcpus"),
        ({"vcpus": 129}, "vcpus"),
        ({"memory_mib": 63}, "memory_mib"),
        ({"disk_gib": 0}, "disk_gib"),
    ]
    + [({"vcpus": 1.5}, "vcpus"), ({"name": ""}, "name"), ({"colour": "red"}, "colour")],
)
def test_bad_numbers_name_their_field(values: dict[str, Any], field: str) -> None:
    flavor = factories.flavor()
    with pytest.raises(Invalid) as caught:
        flavor_update(factories.SYSTEM, flavor_id=flavor.pk, **values)
    assert list(caught.value.fields) == [field]


def test_flavors_are_for_staff() -> None:
    scope = factories.scope(factories.project(), role=Role.ADMIN)
    with pytest.raises(Forbidden):
        flavor_create(scope, name="x", vcpus=1, memory_mib=64, disk_gib=1)
    factories.flavor("x")
    with pytest.raises(Conflict):
        factories.flavor("x")
    assert Flavor.unscoped.count() == 1


def test_a_generated_pair_fits_and_only_its_public_half_is_kept(tmp_path: Path) -> None:
    pair, private = key_pair_generate(factories.scope(factories.project()), name="mine")
    path = tmp_path / "key"
    path.write_text(private)
    path.chmod(0o600)
    shown = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True, check=True).stdout.split()
    assert shown[:2] == pair.public_key.split()[:2]
    (tmp_path / "key.pub").write_text(pair.public_key)
    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    )
    assert pair.fingerprint in printed.stdout
    assert not any("PRIVATE" in str(value) for row in KeyPair.unscoped.values() for value in row.values())


@pytest.mark.parametrize(
    "text",
    ["", "x", "ssh-ed25519", "ssh-ed25519 !!!!", "ssh-rsa AAAA\nssh-rsa BBBB", "\x00", "ssh-dss AAAAB3NzaC1kc3M="]
    + ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "ssh-ed25519 " + "A" * 20000, None, 7],
)
def test_what_is_no_public_key_is_refused(text: Any) -> None:
    with pytest.raises(Invalid) as caught:
        key_pair_import(factories.scope(factories.project()), name="k", public_key=text)
    assert list(caught.value.fields) == ["public_key"]
    assert not KeyPair.unscoped.exists()


def test_key_pairs_are_their_owners_alone() -> None:
    project = factories.project()
    ann, bob = factories.scope(project), factories.scope(project)
    pair, _private = key_pair_generate(ann, name="k")
    key_pair_generate(bob, name="k")
    with pytest.raises(Conflict):
        key_pair_generate(ann, name="k")
    with pytest.raises(NotFound):
        key_pair_delete(bob, key_pair_id=pair.pk)
    with pytest.raises(Invalid):
        key_pair_usable(bob, pair.pk)
    key_pair_delete(ann, key_pair_id=pair.pk)
    assert KeyPair.unscoped.count() == 1


def test_keys_of_security_keys_fit_and_odd_points_are_refused() -> None:
    """SQLite lets text be longer than its column, PostgreSQL does not."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    whole = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    short = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)

    def line(kind: bytes, *parts: bytes) -> str:
        blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, *parts))
        return f"{kind.decode()} {base64.b64encode(blob).decode()}"

    scope = factories.scope(factories.project())
    key = line(b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", whole, b"ssh:")
    key_pair_import(scope, name="token", public_key=key).full_clean()
    with pytest.raises(Invalid):
        key_pair_import(scope, name="odd", public_key=line(b"ecdsa-sha2-nistp256", b"nistp256", short))

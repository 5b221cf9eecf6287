"""Rows for tests, made through the services wherever there is one."""

from __future__ import annotations

import itertools
import subprocess
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from compute.models.catalog import Flavor
from compute.models.instances import Instance
from compute.services.flavors import flavor_create
from compute.services.instances import InstanceSpec, instance_create
from console.core.scope import Role, Scope
from console.fleet.models.hosts import Host
from console.identity.models.projects import Membership, Project
from console.identity.models.users import User
from console.identity.services.projects import project_create
from console.identity.services.tokens import token_create
from console.operations import runner
from console.operations.models.operations import Operation
from console.virt import fake
from console.virt.connect import hypervisor
from console.virt.port import NatNetworkSpec, PoolSpec
from networking.models.networks import Network
from networking.services.networks import network_ensure
from storage.models.images import Image
from storage.services.images import image_create, image_receive

_numbers = itertools.count(1)
SYSTEM = Scope.system()
POOL = PoolSpec("pool", "/pool")
NETWORK = NatNetworkSpec("default", "virbr9", "10.99.0.1", 24, "10.99.0.10", "10.99.0.250")


def user(name: str = "", *, staff: bool = False, password: str | None = None) -> User:
    return User.objects.create_user(name or f"user{next(_numbers)}", password, is_staff=staff, is_superuser=staff)


def project(name: str = "") -> Project:
    return project_create(SYSTEM, name=name or f"Project {next(_numbers)}")


def member(of: Project, role: Role = Role.MEMBER, *, of_user: User | None = None) -> User:
    person = of_user or user()
    Membership.unscoped.create(project=of, user=person, role=role)
    return person


def scope(of: Project, person: User | None = None, role: Role = Role.MEMBER) -> Scope:
    """The scope of a member of the project, made on the spot unless given."""
    person = person or member(of, role)
    return Scope(project_id=of.pk, user_id=person.pk, role=role, is_staff=person.is_staff, session="test-session")


def token(of: Project, person: User) -> str:
    """A secret for `Authorization: Bearer`."""
    return token_create(scope(of, person), name="test")[1]


def host(name: str = "", **values: Any) -> Host:
    """An enrolled, up host whose hypervisor is the fake of the same name."""
    name = name or f"host{next(_numbers)}"
    uri = f"{fake.SCHEME}{name}"
    there = hypervisor(uri)
    there.pool_ensure(POOL)
    there.network_ensure(NETWORK)
    network_ensure(NETWORK.name, cidr="10.99.0.0/24")
    defaults: dict[str, Any] = {
        "uri": uri,
        "enrolled": True,
        "reachable": True,
        "last_seen": timezone.now(),
        "host_uuid": uuid.uuid4(),
        "virt_type": "qemu",
        "machine": "pc-q35-7.2",
        "cpus": 16,
        "memory_mib": 65536,
        "pool_name": POOL.name,
        "pool_path": POOL.path,
        "network_name": NETWORK.name,
    }
    row: Host = Host.unscoped.create(name=name, **{**defaults, **values})
    return row


def fake_of(row: Host) -> fake.FakeHypervisor:
    """The fake hypervisor behind a host's row."""
    return fake.host(row.uri)


def flavor(name: str = "", **values: Any) -> Flavor:
    numbers = {"vcpus": 1, "memory_mib": 128, "disk_gib": 1, **values}
    return flavor_create(SYSTEM, name=name or f"flavor{next(_numbers)}", **numbers)


def network() -> Network:
    return network_ensure(NETWORK.name, cidr="10.99.0.0/24")


def qcow2(size: str = "64M") -> bytes:
    """An empty qcow2 file, whole."""
    path = Path(settings.UPLOAD_DIR) / f"blank-{uuid.uuid4().hex}.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(path), size], check=True)
    content = path.read_bytes()
    path.unlink()
    return content


def image(of: Project, name: str = "tiny", **values: Any) -> Image:
    """An active image with a real file."""
    caller = Scope.system(project_id=of.pk)
    row = image_create(caller, name=name, format="qcow2", **values)
    row, operation = image_receive(caller, image_id=row.pk, chunks=[qcow2()])
    assert run(operation).state == "succeeded"
    row.refresh_from_db()
    return row


def run(operation: Operation) -> Operation:
    """Run an operation here and now, and answer it as it stands then."""
    runner.run(operation.pk)
    operation.refresh_from_db()
    return operation


def instance(of: Project, name: str = "web", *, running: bool = True, **values: Any) -> Instance:
    """An instance on some host; made if there is none. With `running` its guest is started on the fake."""
    if not Host.unscoped.filter(enrolled=True).exists():
        host()
    ready = Image.unscoped.filter(project=of, status="active").first()
    spec = {
        "image": values.pop("image", None) or (ready or image(of)).pk,
        "flavor": values.pop("flavor", None) or (Flavor.unscoped.first() or flavor()).pk,
        **values,
    }
    instances, operations = instance_create(scope(of), InstanceSpec(name=name, **spec))
    if running:
        for operation in operations:
            assert run(operation).state == "succeeded", operation.error_message
    instances[0].refresh_from_db()
    return instances[0]

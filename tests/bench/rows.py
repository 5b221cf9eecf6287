"""Runs inside Django, given as text to a process of the stack: makes rows, changes them, counts queries."""

import datetime
import json
import sys
import uuid

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from compute.models.catalog import Flavor
from compute.models.instances import Instance
from console.core.scope import Role, Scope
from console.fleet.models.hosts import Host
from console.identity.models.projects import Membership, Project
from console.identity.models.users import User
from console.identity.services.projects import project_create
from console.identity.services.tokens import token_create
from networking.models.networks import Network, Port
from storage.models.images import Image

LATER = timezone.now() + datetime.timedelta(hours=1)  # fresh for as long as the bench runs
MIX = ("running", "running", "running", "stopped", "paused")


def _instances(project, host, count, *, identities=None, statuses=MIX):
    image, flavor, network = Image.unscoped.first(), Flavor.unscoped.get(name="tiny"), Network.unscoped.first()
    rows = []
    for number in range(count):
        identity = uuid.UUID(identities[number]) if identities else uuid.uuid4()
        status = statuses[number % len(statuses)]
        rows.append(
            Instance(
                pk=identity,
                project=project,
                name=f"guest-{number:05}",
                host=host,
                domain_name=f"instance-{identity}",
                flavor=flavor,
                image=image,
                vcpus=1,
                memory_mib=128,
                disk_gib=1,
                status=status,
                observed=status,
                adopted=True,
            )
        )
    Instance.unscoped.bulk_create(rows, batch_size=500)
    ports = [
        Port(
            project=project,
            network=network,
            instance=row,
            mac="52:54:00:" + ":".join(f"{b:02x}" for b in row.pk.bytes[:3]),
            address=f"10.62.{number // 250 % 4}.{number % 250 + 1}",
        )
        for number, row in enumerate(rows)
    ]
    Port.unscoped.bulk_create(ports, batch_size=500, ignore_conflicts=True)


def fill(*sizes):
    host = Host.unscoped.create(
        name="unwatched", uri="qemu+tcp://unwatched.invalid/system", enrolled=True, reachable=True, last_seen=LATER
    )
    tokens = {}
    for size in sizes:
        project = project_create(Scope.system(), name=f"bench-{size}")
        for user in User.objects.all():
            Membership.unscoped.get_or_create(project=project, user=user, defaults={"role": Role.MEMBER})
        _instances(project, host, int(size))
        member = User.objects.get(username="demo")
        scope = Scope(project_id=project.pk, user_id=member.pk, role=Role.MEMBER)
        tokens[size] = token_create(scope, name="bench")[1]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps(tokens))


def clear():
    host = Host.unscoped.get(name="unwatched")
    Port.unscoped.filter(instance__host=host).delete()
    Instance.unscoped.filter(host=host).delete()
    host.delete()


def count():
    """Queries of one visit by a member to a page of 50, and every call that would go to a host."""
    import libvirt

    from console.virt.libvirt_driver.connection import Connection

    calls = []
    for owner, name in ((Connection, "run"), (libvirt, "open"), (libvirt, "openAuth"), (libvirt, "openReadOnly")):
        genuine = getattr(owner, name)
        setattr(owner, name, lambda *a, _name=name, _genuine=genuine, **k: calls.append(_name) or _genuine(*a, **k))
    client = Client(headers={"host": "127.0.0.1"})
    member = User.objects.get(username="demo")
    client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
    project = Project.unscoped.get(name="bench-1000")
    token = token_create(Scope(project_id=project.pk, user_id=member.pk, role=Role.MEMBER), name="count")[1]
    found = {}
    visits = (
        ("page", "/p/bench-1000/instances/", {}),
        ("api", "/api/v1/instances?limit=50", {"authorization": f"Bearer {token}"}),
    )
    for name, path, headers in visits:
        who = client if name == "page" else Client(headers={"host": "127.0.0.1"})
        who.get(path, headers=headers)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer = who.get(path, headers=headers)
        assert answer.status_code == 200, (answer.status_code, answer.content[:500])
        found[f"{name}_queries"] = len(captured)
        found[f"{name}_sql"] = [query["sql"][:200] for query in captured]
    found["libvirt_calls"] = len(calls)
    print(json.dumps(found))


def silent(address, *identities):
    """The page's rows: some on the silent host, the rest real domains on the real one."""
    project = Project.unscoped.get(name="demo")
    host = Host.unscoped.create(name="silent", uri=f"qemu+tcp://{address}/system")
    _instances(project, host, 1000 - len(identities))
    _instances(
        project, Host.unscoped.exclude(pk=host.pk).get(), len(identities), identities=identities, statuses=("stopped",)
    )


def watch(wanted):
    Host.unscoped.filter(name="silent").update(enrolled=wanted == "yes", trouble="")


def state():
    print(
        Host.unscoped.get(name="silent").status
        if Host.unscoped.get(name="silent").trouble or not Host.unscoped.get(name="silent").enrolled
        else "?"
    )


def unsilent():
    project = Project.unscoped.get(name="demo")
    Instance.unscoped.filter(project=project, adopted=True).delete()
    Host.unscoped.filter(name="silent").delete()


globals()[sys.argv[1]](*sys.argv[2:])

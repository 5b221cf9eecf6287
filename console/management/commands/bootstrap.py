"""`manage.py bootstrap`: what a fresh installation needs before anybody signs in. Safe to run again at any time."""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compute.models.catalog import Flavor
from compute.services.flavors import flavor_create
from console.core.scope import Role, Scope
from console.fleet.models.hosts import Host
from console.fleet.services.hosts import host_create, host_enrol
from console.identity.models.projects import ApiToken, Membership, Project
from console.identity.models.users import User
from console.identity.services.projects import project_create
from console.identity.services.tokens import token_create, token_digest
from console.identity.services.users import generate_password, user_create
from console.operations import runner
from console.operations.models.operations import ACTIVE, Operation, State
from networking.services.networks import network_ensure
from storage.models.images import Image, Visibility
from storage.services.images import image_create, image_receive

FLAVORS = (
    ("tiny", 1, 128, 1),
    ("small", 1, 1024, 10),
    ("medium", 2, 4096, 40),
    ("large", 4, 8192, 80),
)
PROJECT = "demo"
IMAGE = "tiny"


class Command(BaseCommand):
    help = "Make the first users, project, flavors and image, and enrol the local host."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--credentials", type=Path, required=True, help="file of logins and tokens to write")
        parser.add_argument("--url", required=True, help="address that browsers use")
        parser.add_argument("--host-uri", default="", help="libvirt URI of a host to enrol")
        parser.add_argument("--host-name", default="", help="its name; default: this machine's")
        parser.add_argument("--pool-path", default="", help="folder of its storage pool")
        parser.add_argument("--tiny-image", type=Path, help="qcow2 file of the tiny guest")

    def handle(self, *_args: Any, **options: Any) -> None:
        self.scope = Scope.system()
        self.known = _read(options["credentials"])
        self.known["VIRTDECK_URL"] = options["url"]
        admin = self._user("ADMIN", "admin", staff=True)
        member = self._user("MEMBER", "demo", staff=False)
        project = self._project(admin, member)
        self._token("VIRTDECK_TOKEN", project, admin, Role.ADMIN)
        self._token("VIRTDECK_MEMBER_TOKEN", project, member, Role.MEMBER)
        _write(options["credentials"], self.known)
        self._flavors()
        if options["tiny_image"]:
            self._image(project, options["tiny_image"])
        if options["host_uri"]:
            self._host(options["host_uri"], options["host_name"] or os.uname().nodename, options["pool_path"])

    def _user(self, key: str, username: str, *, staff: bool) -> User:
        user = User.objects.filter(username=username).first()
        if user is None:
            user, password = user_create(self.scope, username=username, is_staff=staff)
            self._keep_login(key, username, password)
            self.stdout.write(f"user {username} made")
        elif f"VIRTDECK_{key}_PASSWORD" not in self.known:
            password = generate_password()
            user.set_password(password)
            user.save(update_fields=["password"])
            self._keep_login(key, username, password)
            self.stdout.write(f"user {username} got a new password: the old one was not in the credentials file")
        return user

    def _keep_login(self, key: str, username: str, password: str) -> None:
        self.known[f"VIRTDECK_{key}_LOGIN"] = username
        self.known[f"VIRTDECK_{key}_PASSWORD"] = password

    def _project(self, admin: User, member: User) -> Project:
        project = Project.unscoped.filter(name=PROJECT).first()
        if project is None:
            project = project_create(self.scope, name=PROJECT, description="The first project, to try things out")
            self.stdout.write(f"project {PROJECT} made")
        for user, role in ((admin, Role.ADMIN), (member, Role.MEMBER)):
            Membership.unscoped.get_or_create(project=project, user=user, defaults={"role": role})
        return project

    def _token(self, key: str, project: Project, user: User, role: Role) -> None:
        secret = self.known.get(key, "")
        if secret and ApiToken.unscoped.filter(digest=token_digest(secret), revoked_at=None).exists():
            return
        scope = Scope(project_id=project.pk, user_id=user.pk, role=role, is_staff=user.is_staff)
        self.known[key] = token_create(scope, name="made by make up")[1]

    def _flavors(self) -> None:
        if Flavor.unscoped.exists():
            return
        for name, vcpus, memory_mib, disk_gib in FLAVORS:
            flavor_create(self.scope, name=name, vcpus=vcpus, memory_mib=memory_mib, disk_gib=disk_gib)
        self.stdout.write(f"{len(FLAVORS)} flavors made")

    def _image(self, project: Project, path: Path) -> None:
        if Image.unscoped.filter(name=IMAGE, visibility=Visibility.PUBLIC).exclude(status="error").exists():
            return
        scope = Scope.system(project_id=project.pk)
        image = image_create(
            scope,
            name=IMAGE,
            format="qcow2",
            visibility=Visibility.PUBLIC,
            description="A guest of 20 MB that boots in seconds",
            min_memory_mib=96,
        )
        with path.open("rb") as file:
            _image, operation = image_receive(scope, image_id=image.pk, chunks=iter(lambda: file.read(1 << 20), b""))
        self._finish(operation)
        self.stdout.write(f"image {IMAGE} ready")

    def _host(self, uri: str, name: str, pool_path: str) -> None:
        host = Host.unscoped.filter(uri=uri).first()
        if host is not None and host.enrolled:
            return
        if host is None:
            host, operation = host_create(self.scope, name=name, uri=uri, pool_path=pool_path)
        else:
            active = Operation.unscoped.filter(target_id=host.pk, state__in=ACTIVE).first()
            operation = active or host_enrol(self.scope, host_id=host.pk)
        self._finish(operation)
        host.refresh_from_db()
        network_ensure(host.network_name)
        self.stdout.write(f"host {host.name} enrolled ({host.virt_type})")

    def _finish(self, operation: Operation) -> None:
        """Run an operation here, or wait for the worker that has it already."""
        while operation.state in ACTIVE:
            runner.run(operation.pk)
            operation.refresh_from_db()
        for step in operation.steps.all():
            if step.note:
                self.stdout.write(f"  {step.name}: {step.note}")
        if operation.state != State.SUCCEEDED:
            raise CommandError(f"{operation}: {operation.error_message} {operation.error_hint}")


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    known = {}
    for line in path.read_text().splitlines():
        name, sign, value = line.removeprefix("export ").partition("=")
        if sign:
            known[name] = shlex.split(value)[0] if value else ""
    return known


def _write(path: Path, known: dict[str, str]) -> None:
    """Write whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(known.items()))
    draft.replace(path)

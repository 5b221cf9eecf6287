"""Every address of Virtdeck as a flat list, and the rows that stand behind the ids in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import URLPattern, get_resolver

from compute.models.catalog import KeyPair
from console.core.scope import Role
from console.fleet.models.hosts import UnmanagedDomain
from console.identity.models.audit import AuditEvent
from console.identity.models.projects import ApiToken, Membership, Project
from console.identity.models.users import User
from console.operations.models.operations import Operation
from tests import factories

CALLERS = ("anonymous", "outsider", "reader", "member", "admin", "staff")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    name: str
    """With its namespace, e.g. `project:instance`; the pattern itself where it has no name."""
    pattern: str

    @property
    def has_ids(self) -> bool:
        return "<uuid:" in self.pattern


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "", ()))


def _walk(patterns: Any, prefix: str, namespaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(":".join([*namespaces, pattern.name or path]), path)
        else:
            deeper = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, path, deeper)


class Town:
    """Two projects. All that ids in addresses name is ours; the outsider is an administrator of the other one."""

    def __init__(self) -> None:
        self.ours, self.theirs = factories.project("Ours"), factories.project("Theirs")
        self.people: dict[str, User] = {role.value: self._person(self.ours, role) for role in Role}
        self.people["outsider"] = self._person(self.theirs, Role.ADMIN)
        self.people["staff"] = factories.user("keeper", staff=True, password="a-password-of-staff")
        self.tokens = {
            name: factories.token(self.theirs if name == "outsider" else self.ours, person)
            for name, person in self.people.items()
        }
        host = factories.host()
        self.image = factories.image(self.ours)
        self.flavor = factories.flavor()
        self.instance = factories.instance(self.ours, image=self.image.pk, flavor=self.flavor.pk)
        self.waiting = factories.image(self.ours, "waiting")
        member = self.people["member"]
        operation = Operation.unscoped.filter(target_id=self.instance.pk).get()
        domain = UnmanagedDomain.unscoped.create(host=host, uuid=self.ours.pk, name="old", power="running", vcpus=1)
        event = AuditEvent.unscoped.filter(project=self.ours).first()
        self.values: dict[str, str] = {
            "instance_id": str(self.instance.pk),
            "image_id": str(self.image.pk),
            "flavor_id": str(self.flavor.pk),
            "network_id": str(factories.network().pk),
            "operation_id": str(operation.pk),
            "host_id": str(host.pk),
            "domain_id": str(domain.pk),
            "project_id": str(self.ours.pk),
            "user_id": str(factories.user("somebody").pk),
            "membership_id": str(Membership.unscoped.get(project=self.ours, role=Role.READER).pk),
            "token_id": str(ApiToken.unscoped.get(user=self.people["admin"]).pk),
            "event_id": str(event.pk if event else ""),
            "key_pair_id": str(
                KeyPair.unscoped.create(
                    user=member, name="k", public_key="ssh-ed25519 AAAA k", key_type="ssh-ed25519"
                ).pk
            ),
            "verb": "stop",
        }

    @staticmethod
    def _person(project: Project, role: Role) -> User:
        name = f"{project.slug}-{role}"
        return factories.member(project, role, of_user=factories.user(name, password="a-password-of-people"))

    def path(self, route: Route, project: Project) -> str:
        """The route's address with ids of ours, within a project."""
        path = "/" + route.pattern.removeprefix("^").replace("<slug:project>", project.slug)
        for name, value in self.values.items():
            for kind in ("uuid", "slug", "str"):
                path = path.replace(f"<{kind}:{name}>", value)
        assert "<" not in path, f"tests/architecture/routes.py has no value for {path}"
        return path


def everything() -> list[Any]:
    """All rows that a refusal must leave as they are: the audit trail and the times of last use apart."""
    labels = ("identity", "operations", "fleet", "storage", "networking", "compute", "monitoring")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    spared = {"last_used_at", "last_login"}
    return [
        (
            model.__name__,
            list(
                getattr(model, "unscoped", model._default_manager)
                .order_by("pk")
                .values_list(*(field.attname for field in model._meta.concrete_fields if field.name not in spared))
            ),
        )
        for model in models
        if model is not AuditEvent
    ]

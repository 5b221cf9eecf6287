"""Somebody in every role, signed in, for tests of pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from console.core.scope import Role
from console.identity.models.projects import Project
from console.identity.models.users import User
from tests import factories

HTMX = {"HTTP_HX_REQUEST": "true"}


@dataclass
class People:
    """A project, who belongs to it in which role, and two who do not."""

    project: Project
    reader: User
    member: User
    admin: User
    outsider: User
    staff: User

    def client(self, role: str) -> Client:
        client = Client()
        client.force_login(getattr(self, role))
        return client

    def url(self, path: str = "") -> str:
        return f"/p/{self.project.slug}/{path}"


def make() -> People:
    project = factories.project()
    return People(
        project,
        factories.member(project, Role.READER),
        factories.member(project, Role.MEMBER),
        factories.member(project, Role.ADMIN),
        factories.user(),
        factories.user(staff=True),
    )

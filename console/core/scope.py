"""Who is asking, and within which walls: the first argument of every service and selector."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass, field, replace


class Role(enum.StrEnum):
    """What a member may do in a project; OpenStack's three."""

    READER = "reader"
    MEMBER = "member"
    ADMIN = "admin"

    def reaches(self, needed: Role) -> bool:
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.READER: 0, Role.MEMBER: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Scope:
    """One caller within one project, or over the whole fleet when `project_id` is None.

    Built in three places only: the web middleware, API authentication and socket connect; workers use `system`.
    `session` binds console tickets: the session key, or the token's id. `idempotency_key` and `fingerprint` come from
    the request that carries an Idempotency-Key header.
    """

    project_id: uuid.UUID | None = None
    user_id: uuid.UUID | None = None
    role: Role | None = None
    is_staff: bool = False
    is_system: bool = False
    request_id: str = ""
    session: str = ""
    language: str = "en"
    idempotency_key: str = ""
    fingerprint: str = field(default="", repr=False)

    @classmethod
    def system(cls, *, project_id: uuid.UUID | None = None, request_id: str = "") -> Scope:
        """The scope of Virtdeck's own work: workers, sweeps and the observer."""
        return cls(project_id=project_id, role=Role.ADMIN, is_staff=True, is_system=True, request_id=request_id)

    @property
    def sees_fleet(self) -> bool:
        """True where no project narrows the view and the caller may see them all."""
        return self.project_id is None and (self.is_staff or self.is_system)

    def may(self, needed: Role) -> bool:
        """Whether the caller reaches a role in the project. Staff and Virtdeck itself reach every role."""
        return self.is_system or self.is_staff or (self.role is not None and self.role.reaches(needed))

    def within(self, project_id: uuid.UUID | None) -> Scope:
        """The same caller, narrowed to one project: how staff act on what they found fleet-wide."""
        return replace(self, project_id=project_id)

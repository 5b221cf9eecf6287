"""Console tickets: one use, 30 seconds, bound to user, instance and session."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from compute.models.instances import Instance
from console.core.errors import Conflict, Invalid, Unavailable
from console.core.policies import require_role
from console.core.scope import Role, Scope
from console.fleet.services.samples import client
from console.identity.services.changes import change

KINDS = ("serial", "vnc")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket opens, and for whom."""

    instance_id: uuid.UUID
    project_id: uuid.UUID
    user_id: uuid.UUID
    kind: str
    session: str


def console_ticket(scope: Scope, *, instance_id: uuid.UUID | str, kind: str) -> str:
    """Make a ticket for an instance's `serial` or `vnc` console. Only its hash is kept, for 30 seconds.

    Conflict where the guest does not run; Unavailable while Redis is away.
    """
    instance: Instance = Instance.objects.get_within(scope, pk=instance_id)
    require_role(scope, Role.MEMBER)
    if kind not in KINDS:
        raise Invalid.field("type", _("The consoles are serial and vnc."))
    if not instance.may("console"):
        raise Conflict(
            _("“%(name)s” is %(status)s; it has no console now.") % {"name": instance, "status": instance.pill.label},
            hint=_("Start it first."),
            code="wrong_state",
        )
    secret = secrets.token_urlsafe(32)
    content = {
        "instance": str(instance.pk),
        "project": str(instance.project_id),
        "user": str(scope.user_id),
        "kind": kind,
        "session": scope.session,
    }
    try:
        client().set(_key(secret), json.dumps(content), ex=settings.CONSOLE_TICKET_SECONDS)
    except redis.RedisError as error:
        raise Unavailable(
            _("Consoles cannot be opened just now: Redis does not answer."), hint=_("Try again in a moment.")
        ) from error
    with change(scope, "console.ticket") as act:
        act.project_id = instance.project_id
        act.about(instance, type=kind)
    return secret


def ticket_redeem(secret: str) -> Ticket | None:
    """What the ticket opens, once; None for one that is unknown, used or too old."""
    try:
        raw = client().getdel(_key(secret))
    except redis.RedisError:
        return None
    if raw is None:
        return None
    content = json.loads(raw)
    return Ticket(
        instance_id=uuid.UUID(content["instance"]),
        project_id=uuid.UUID(content["project"]),
        user_id=uuid.UUID(content["user"]),
        kind=content["kind"],
        session=content["session"],
    )


def _key(secret: str) -> str:
    return "virtdeck:ticket:" + hashlib.sha256(secret.encode()).hexdigest()

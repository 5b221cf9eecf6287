"""The one way to write: a change, its audit event and its idempotency record commit together or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from console.core.errors import Conflict, Forbidden, Refusal
from console.core.policies import require_role, require_staff
from console.core.scope import Role, Scope
from console.identity.models.audit import AnsweredRequest, AuditEvent, Outcome
from console.identity.models.users import User


class AlreadyAnswered(Conflict):
    """The same Idempotency-Key has led to a change before; the caller is to be shown that result."""

    code = "already_answered"


class Act:
    """What a change is about, filled in by the service while it works."""

    def __init__(self, scope: Scope, action: str) -> None:
        self.scope = scope
        self.action = action
        self.project_id = scope.project_id
        self.target: models.Model | None = None
        self.operation_ids: list[uuid.UUID] = []
        self.detail: dict[str, Any] = {}

    def about(self, target: models.Model, **detail: Any) -> None:
        """Name the thing that changes, and what is worth knowing of it. Never secrets."""
        self.target = target
        self.detail.update(detail)


@contextmanager
def change(scope: Scope, action: str) -> Iterator[Act]:
    """Open the transaction of a change. `action` is `noun.verb`.

    A refusal rolls all back; one that tells of rights, limits or states leaves an audit event of its own.
    """
    act = Act(scope, action)
    try:
        with transaction.atomic(durable=True):
            yield act
            _record(act, Outcome.ACCEPTED if act.operation_ids else Outcome.DONE)
            _remember_answer(act)
    except AlreadyAnswered:
        raise
    except (Forbidden, Conflict) as refusal:
        _record_refusal(act, refusal)
        raise


def guard(scope: Scope, action: str, role: Role | None = None, *, staff: bool = False) -> None:
    """Refuse a caller without the role in the project, or who is not staff, and leave an audit event of it."""
    try:
        if role is not None:
            require_role(scope, role)
        if staff:
            require_staff(scope)
    except Forbidden as refusal:
        _record_refusal(Act(scope, action), refusal)
        raise


def record(
    scope: Scope,
    action: str,
    *,
    outcome: str = Outcome.DONE,
    target: models.Model | None = None,
    **detail: Any,
) -> None:
    """Write an audit event for an act that changes no row of ours: a login, a console opened, an operation's end."""
    act = Act(scope, action)
    act.target = target
    act.detail = detail
    _record(act, Outcome(outcome))


def _record_refusal(act: Act, refusal: Refusal) -> None:
    act.detail = {**act.detail, "code": refusal.code, "message": refusal.message}
    with transaction.atomic():
        _record(act, Outcome.REFUSED)


def _record(act: Act, outcome: Outcome) -> None:
    target = act.target
    record_of(
        act.scope.within(act.project_id),
        act.action,
        outcome=outcome,
        target_type=str(target._meta.model_name) if target is not None else "",
        target_id=target.pk if target is not None else None,
        target_name=str(target) if target is not None else "",
        detail=act.detail,
    )


def record_of(
    scope: Scope,
    action: str,
    *,
    outcome: str,
    target_type: str,
    target_id: uuid.UUID | None,
    target_name: str,
    detail: dict[str, Any],
) -> None:
    """Write an audit event about a thing that may be gone by now: all that is known of it is passed."""
    AuditEvent.unscoped.create(
        project_id=scope.project_id,
        actor_id=scope.user_id,
        actor_name=_name_of(scope.user_id),
        action=action,
        outcome=outcome,
        target_type=target_type,
        target_id=target_id,
        target_name=target_name[:255],
        request_id=scope.request_id,
        detail=detail,
    )


def _name_of(user_id: uuid.UUID | None) -> str:
    if user_id is None:
        return ""
    return User.objects.filter(pk=user_id).values_list("username", flat=True).first() or ""


def wall_of(scope: Scope) -> str:
    """The name of the walls an Idempotency-Key is unique within."""
    return str(scope.project_id) if scope.project_id else "fleet"


def answer_to(scope: Scope) -> AnsweredRequest | None:
    """The change that the scope's Idempotency-Key has led to before, if any."""
    rows = AnsweredRequest.unscoped.filter(user_id=scope.user_id, wall=wall_of(scope), key=scope.idempotency_key)
    return rows.first() if scope.idempotency_key else None


def _remember_answer(act: Act) -> None:
    if not act.scope.idempotency_key or act.scope.user_id is None:
        return
    try:
        with transaction.atomic():
            AnsweredRequest.unscoped.create(
                project_id=act.project_id,
                user_id=act.scope.user_id,
                wall=wall_of(act.scope),
                key=act.scope.idempotency_key,
                fingerprint=act.scope.fingerprint,
                target_type=act.target._meta.model_name if act.target is not None else "",
                target_id=act.target.pk if act.target is not None else None,
                operation_ids=[str(operation_id) for operation_id in act.operation_ids],
            )
    except IntegrityError as error:
        raise AlreadyAnswered(_("A request with this Idempotency-Key was answered already.")) from error

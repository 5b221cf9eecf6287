"""Tokens open what they should while they should; only a hash of them is kept."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from console.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from console.core.scope import Role
from console.identity.models.audit import AuditEvent
from console.identity.models.projects import ApiToken, Membership, Project
from console.identity.models.users import User
from console.identity.services.projects import member_remove, project_update
from console.identity.services.tokens import PREFIX, token_create, token_revoke, token_scope
from console.identity.services.users import user_update
from tests import factories

pytestmark = pytest.mark.django_db


def made(role: Role = Role.MEMBER) -> tuple[ApiToken, str]:
    project = factories.project()
    return token_create(factories.scope(project, role=role), name="ci")


def test_only_a_hash_is_at_rest() -> None:
    token, secret = made()
    assert secret.startswith(PREFIX) and len(secret) >= 40
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            assert secret.removeprefix(PREFIX) not in repr(cursor.fetchall()), table
    assert token.digest not in secret
    assert len({made()[1] for _n in range(5)}) == 5


def test_a_token_opens_its_project_with_the_role_of_now() -> None:
    token, secret = made(Role.READER)
    scope = token_scope(secret, request_id="req-1")
    assert (scope.project_id, scope.user_id, scope.role) == (token.project_id, token.user_id, Role.READER)
    assert (scope.is_staff, scope.is_system, scope.request_id) == (False, False, "req-1")
    Membership.unscoped.filter(user=token.user).update(role=Role.ADMIN)
    assert token_scope(secret, request_id="").role == Role.ADMIN
    token.refresh_from_db()
    assert token.last_used_at is not None


def expire(token: ApiToken) -> None:
    ApiToken.unscoped.filter(pk=token.pk).update(expires_at=timezone.now())


def revoke(token: ApiToken) -> None:
    token_revoke(factories.scope(token.project, token.user), token_id=token.pk)


def disable_user(token: ApiToken) -> None:
    user_update(factories.SYSTEM, user_id=token.user_id, is_active=False)


def disable_project(token: ApiToken) -> None:
    project_update(factories.SYSTEM, project_id=token.project_id, enabled=False)


def end_membership(token: ApiToken) -> None:
    Membership.unscoped.filter(user=token.user).delete()


def remove_member(token: ApiToken) -> None:
    membership = Membership.unscoped.get(user=token.user)
    member_remove(factories.scope(token.project, role=Role.ADMIN), membership_id=membership.pk)


@pytest.mark.parametrize(
    "end", [expire, revoke, disable_user, disable_project, end_membership, remove_member], ids=lambda end: end.__name__
)
def test_a_token_that_ended_opens_nothing(end: Callable[[ApiToken], None], client) -> None:  # type: ignore[no-untyped-def]
    token, secret = made()
    token_scope(secret, request_id="")
    end(token)
    with pytest.raises(Unauthenticated):
        token_scope(secret, request_id="")
    answer = client.get("/api/v1/instances", headers={"Authorization": f"Bearer {secret}"}, follow=True)
    assert answer.status_code == 401 and answer.json()["code"] == "unauthenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("secret", ["", PREFIX, "vdk_wrong", "x" * 5000, "vdk_é", "vdk_\x00"])
def test_what_is_no_token_opens_nothing(secret: str) -> None:
    made()
    with pytest.raises(Unauthenticated):
        token_scope(secret, request_id="")


def test_a_digest_is_no_token() -> None:
    token, _secret = made()
    with pytest.raises(Unauthenticated):
        token_scope(PREFIX + token.digest, request_id="")


def test_a_token_of_staff_works_where_staff_is_no_member() -> None:
    project, keeper = factories.project(), factories.user(staff=True)
    secret = factories.token(project, keeper)
    scope = token_scope(secret, request_id="")
    assert scope.is_staff and scope.role == Role.ADMIN and scope.project_id == project.pk
    user_update(factories.SYSTEM, user_id=factories.user(staff=True).pk, is_staff=True)
    user_update(factories.SYSTEM, user_id=keeper.pk, is_staff=False)
    with pytest.raises(Unauthenticated):
        token_scope(secret, request_id="")


def test_names_and_dates_are_checked() -> None:
    scope = factories.scope(factories.project())
    with pytest.raises(Invalid) as caught:
        token_create(scope, name="")
    assert "name" in caught.value.fields
    with pytest.raises(Invalid) as caught:
        token_create(scope, name="x", expires_at=timezone.now() - datetime.timedelta(seconds=1))
    assert "expires_at" in caught.value.fields


def test_who_may_revoke() -> None:
    project: Project = factories.project()
    owner: User = factories.member(project)
    token, secret = token_create(factories.scope(project, owner), name="ci")
    with pytest.raises(Forbidden):
        token_revoke(factories.scope(project), token_id=token.pk)
    with pytest.raises(NotFound):
        token_revoke(factories.scope(factories.project(), role=Role.ADMIN), token_id=token.pk)
    assert token_scope(secret, request_id="").user_id == owner.pk
    assert AuditEvent.unscoped.filter(action="token.revoke", outcome="refused").count() == 1
    token_revoke(factories.scope(project, role=Role.ADMIN), token_id=token.pk)
    with pytest.raises(Unauthenticated):
        token_scope(secret, request_id="")

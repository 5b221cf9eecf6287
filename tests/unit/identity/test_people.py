"""Members, users and sign-in: the last one is kept, refusals are on record, guessing is slowed down."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from console.core.errors import Conflict, Forbidden, Invalid, NotFound
from console.core.scope import Role
from console.identity.models.audit import AuditEvent, Outcome
from console.identity.models.projects import Membership, Quota
from console.identity.models.users import User
from console.identity.services.projects import member_remove, member_set, project_create, project_update
from console.identity.services.users import generate_password, user_create, user_reset_password, user_update
from tests import factories
from tests.unit.threads import at_once

pytestmark = pytest.mark.django_db


def test_the_last_administrator_of_a_project_stays() -> None:
    project = factories.project()
    boss = factories.member(project, Role.ADMIN)
    scope = factories.scope(project, boss, Role.ADMIN)
    membership = Membership.unscoped.get(user=boss)
    with pytest.raises(Conflict):
        member_set(scope, username=boss.username, role="member")
    with pytest.raises(Conflict):
        member_remove(scope, membership_id=membership.pk)
    assert Membership.unscoped.get(user=boss).role == Role.ADMIN
    second = factories.member(project)
    member_set(scope, username=second.username, role="admin")
    member_set(scope, username=boss.username, role="reader")
    assert Membership.unscoped.get(user=boss).role == Role.READER


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_both_leave_at_once() -> None:
    project = factories.project()
    bosses = [factories.member(project, Role.ADMIN) for _n in range(2)]

    def leave(boss: User) -> None:
        membership = Membership.unscoped.get(user=boss)
        member_remove(factories.scope(project, boss, Role.ADMIN), membership_id=membership.pk)

    answers = at_once(*[lambda boss=boss: leave(boss) for boss in bosses])
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "NoneType"]
    assert Membership.unscoped.filter(project=project, role=Role.ADMIN).count() == 1


def test_members_may_leave_but_not_rule() -> None:
    project = factories.project()
    boss, worker = factories.member(project, Role.ADMIN), factories.member(project)
    scope = factories.scope(project, worker)
    with pytest.raises(Forbidden):
        member_set(scope, username=worker.username, role="admin")
    with pytest.raises(Forbidden):
        member_remove(scope, membership_id=Membership.unscoped.get(user=boss).pk)
    with pytest.raises(NotFound):
        member_remove(
            factories.scope(factories.project(), role=Role.ADMIN), membership_id=Membership.unscoped.get(user=boss).pk
        )
    member_remove(scope, membership_id=Membership.unscoped.get(user=worker).pk)
    assert list(Membership.unscoped.filter(project=project).values_list("user", flat=True)) == [boss.pk]


def test_roles_and_names_are_checked() -> None:
    project = factories.project()
    scope = factories.scope(project, role=Role.ADMIN)
    with pytest.raises(Invalid) as caught:
        member_set(scope, username=factories.user().username, role="owner")
    assert "role" in caught.value.fields
    with pytest.raises(Invalid) as caught:
        member_set(scope, username="nobody", role="member")
    assert "username" in caught.value.fields


def test_the_last_keeper_of_the_fleet_stays() -> None:
    keeper = factories.user(staff=True)
    for values in ({"is_active": False}, {"is_staff": False}):
        with pytest.raises(Conflict):
            user_update(factories.SYSTEM, user_id=keeper.pk, **values)
    factories.user(staff=True)
    user_update(factories.SYSTEM, user_id=keeper.pk, is_active=False)
    with pytest.raises(Conflict):
        user_update(factories.SYSTEM, user_id=User.objects.get(is_active=True, is_staff=True).pk, is_staff=False)


def test_refusals_leave_an_event_and_no_change() -> None:
    project = factories.project()
    boss = factories.member(project, Role.ADMIN)
    scope = factories.scope(project, boss, Role.ADMIN)
    with pytest.raises(Conflict):
        member_set(scope, username=boss.username, role="reader")
    event = AuditEvent.unscoped.get(action="member.set", actor=boss)
    assert (event.outcome, event.project_id, event.actor_name) == (Outcome.REFUSED, project.pk, boss.username)
    assert event.detail["code"] == "conflict" and "last administrator" in event.detail["message"]


def test_a_project_comes_with_quotas_and_an_address() -> None:
    first = project_create(factories.SYSTEM, name="Blue Team")
    assert first.slug == "blue-team"
    assert Quota.unscoped.filter(project=first).count() == 5
    assert project_create(factories.SYSTEM, name="blue team!").slug == "blue-team-2"
    assert project_create(factories.SYSTEM, name="蓝队").slug == "project"
    with pytest.raises(Conflict) as caught:
        project_create(factories.SYSTEM, name="Blue Team")
    assert "name" in caught.value.fields
    with pytest.raises(Conflict):
        project_update(factories.SYSTEM, project_id=first.pk, name="蓝队")
    assert AuditEvent.unscoped.filter(action="project.create", outcome=Outcome.DONE).count() == 3


def test_generated_passwords() -> None:
    drawn = [generate_password() for _n in range(300)]
    assert len(set(drawn)) == 300
    assert all(re.fullmatch(r"[a-zA-Z2-9]{20}", text) and not set(text) & set("lIO01") for text in drawn)
    letters = Counter("".join(drawn))
    assert len(letters) > 50 and max(letters.values()) < 4 * min(letters.values())


def test_users_are_made_with_a_password_that_works_and_is_not_kept() -> None:
    user, password = user_create(factories.SYSTEM, username="ann")
    user.refresh_from_db()
    assert user.check_password(password) and password not in user.password
    assert not user.is_staff
    fresh = user_reset_password(factories.SYSTEM, user_id=user.pk)
    user.refresh_from_db()
    assert user.check_password(fresh) and not user.check_password(password)
    assert all(secret not in str(event.detail) for secret in (password, fresh) for event in AuditEvent.unscoped.all())
    with pytest.raises(Conflict):
        user_create(factories.SYSTEM, username="ann")
    with pytest.raises(Invalid) as caught:
        user_create(factories.SYSTEM, username="bob", password="password")
    assert "password" in caught.value.fields
    with pytest.raises(Forbidden):
        user_create(factories.scope(factories.project()), username="eve", is_staff=True)


@pytest.fixture
def empty_cache() -> None:
    cache.clear()


def log_in(client: Client, username: str, password: str) -> str:
    answer = client.post(reverse("account_login"), {"login": username, "password": password})
    if answer.status_code == 302:
        return "in"
    return " ".join(str(text) for texts in answer.context["form"].errors.values() for text in texts)


@pytest.mark.usefixtures("empty_cache")
def test_five_wrong_passwords_lock_the_door_for_a_while(client: Client) -> None:
    factories.user("ann", password="correct horse battery")
    factories.user("bob", password="correct horse battery")
    wrong = [log_in(client, "ann", f"wrong{number}") for number in range(5)]
    assert len(set(wrong)) == 1 and "not correct" in wrong[0]
    assert "Too many failed login attempts" in log_in(client, "ann", "correct horse battery")
    assert log_in(client, "nobody", "x") == wrong[0]
    assert log_in(client, "bob", "correct horse battery") == "in"
    assert AuditEvent.unscoped.filter(action="user.login", outcome=Outcome.REFUSED).count() >= 6
    assert AuditEvent.unscoped.get(action="user.login", outcome=Outcome.DONE).actor_name == "bob"


@pytest.mark.usefixtures("empty_cache")
def test_the_disabled_do_not_get_in(client: Client) -> None:
    ann = factories.user("ann", password="correct horse battery")
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert log_in(client, "ann", "correct horse battery") != "in" or "_auth_user_id" not in client.session


def test_guessing_is_slowed_down_whatever_port_is_asked_for() -> None:
    """A Host header may name any port: it must not open a new account of failures for the same name."""
    cache.clear()
    factories.user("guessed", password="correct horse battery")
    for port in range(1000, 1006):
        wrong = {"login": "guessed", "password": "wrong"}
        Client().post("/accounts/login/", wrong, HTTP_HOST=f"127.0.0.1:{port}")
    right = {"login": "Guessed", "password": "correct horse battery"}
    assert Client().post("/accounts/login/", right, HTTP_HOST="127.0.0.1:9").status_code == 200


def test_login_names_that_differ_in_case_only_are_one() -> None:
    """Signing in does not tell them apart: a second one would lock both out."""
    user_create(factories.SYSTEM, username="keeper", password="correct horse battery")
    with pytest.raises(Conflict):
        user_create(factories.SYSTEM, username="Keeper")


def test_a_change_of_a_person_brings_no_old_password_back(monkeypatch: pytest.MonkeyPatch) -> None:
    person = factories.user(password="old horse battery")
    read_before = User.objects.get(pk=person.pk)
    new = user_reset_password(factories.SYSTEM, user_id=person.pk)
    monkeypatch.setattr("console.identity.services.users._get", lambda _id: read_before)
    user_update(factories.SYSTEM, user_id=person.pk, full_name="Somebody Else")
    person.refresh_from_db()
    assert person.full_name == "Somebody Else"
    assert person.check_password(new)

"""Pages of projects and people: who sees them, what they refuse, and that a refusal changes nothing."""

from __future__ import annotations

import datetime
import json

import pytest
from django.utils import timezone

from console.core.scope import Role, Scope
from console.identity.models.audit import AuditEvent
from console.identity.models.projects import ApiToken, Membership, Project, Quota
from console.identity.models.users import User
from console.identity.services.tokens import token_create, token_scope
from console.identity.services.users import user_create
from tests import factories
from tests.views import people
from tests.views.people import HTMX, People

pytestmark = pytest.mark.django_db


@pytest.fixture
def who() -> People:
    return people.make()


@pytest.mark.parametrize("page", ["members/", "quotas/", "tokens/", "tokens/new/", "operations/"])
def test_members_of_any_role_and_staff_see_project_pages_and_outsiders_learn_nothing(who: People, page: str) -> None:
    for role in ("reader", "member", "admin", "staff"):
        assert who.client(role).get(who.url(page)).status_code == 200, role
    answer = who.client("outsider").get(who.url(page))
    assert answer.status_code == 404
    assert who.project.name not in answer.content.decode()


def test_only_administrators_read_the_audit_log(who: People) -> None:
    assert who.client("admin").get(who.url("audit/")).status_code == 200
    assert who.client("staff").get(who.url("audit/")).status_code == 200
    refused = who.client("member").get(who.url("audit/"))
    assert refused.status_code == 403
    assert "admin" in refused.content.decode()


@pytest.mark.parametrize(
    "page", ["projects/", "projects/new/", "users/", "users/new/", "audit/", "operations/", "hosts/", "unmanaged/"]
)
def test_fleet_pages_are_for_staff(who: People, page: str) -> None:
    assert who.client("staff").get(f"/fleet/{page}").status_code == 200
    for role in ("admin", "outsider"):
        assert who.client(role).get(f"/fleet/{page}").status_code == 403


def test_an_administrator_adds_a_member_by_login_name(who: People) -> None:
    answer = who.client("admin").post(
        who.url("members/add/"), {"username": who.outsider.username, "role": "reader"}, follow=True
    )
    assert answer.status_code == 200
    assert Membership.unscoped.get(project=who.project, user=who.outsider).role == Role.READER
    assert who.outsider.username in answer.content.decode()


@pytest.mark.parametrize("role", ["reader", "member", "outsider"])
def test_others_cannot_change_members(who: People, role: str) -> None:
    before = set(Membership.unscoped.values_list("user_id", "role"))
    client = who.client(role)
    member = Membership.unscoped.get(user=who.member)
    answers = [
        client.post(who.url("members/add/"), {"username": who.outsider.username, "role": "admin"}),
        client.post(who.url(f"members/{Membership.unscoped.get(user=who.admin).pk}/remove/"), **HTMX),
        client.post(who.url(f"members/{member.pk}/role/"), {"role": "admin"}, **HTMX),
    ]
    expected = {"outsider": 404}.get(role, 403)
    assert [answer.status_code for answer in answers[1:]] == [expected] * 2
    assert answers[0].status_code in (422, expected)
    assert set(Membership.unscoped.values_list("user_id", "role")) == before


def test_an_unknown_login_name_keeps_what_was_typed(who: People) -> None:
    answer = who.client("admin").post(who.url("members/add/"), {"username": "<nobody>", "role": "member"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="&lt;nobody&gt;"' in text
    assert "data-error-summary" in text
    assert 'aria-invalid="true"' in text


def test_the_last_administrator_stays(who: People) -> None:
    own = Membership.unscoped.get(user=who.admin)
    answer = who.client("admin").post(who.url(f"members/{own.pk}/role/"), {"role": "reader"}, **HTMX)
    assert answer.status_code == 409
    assert "last administrator" in answer.json()["detail"]
    assert answer.json()["hint"]
    own.refresh_from_db()
    assert own.role == Role.ADMIN


def test_a_role_is_changed_in_place(who: People) -> None:
    member = Membership.unscoped.get(user=who.member)
    answer = who.client("admin").post(
        who.url(f"members/{member.pk}/role/"),
        {"role": "reader"},
        **HTMX,
        HTTP_HX_CURRENT_URL=f"http://testserver{who.url('members/')}",
    )
    assert json.loads(answer["HX-Location"])["target"] == "#main"
    assert json.loads(answer["HX-Trigger"])["toast"]["level"] == "success"
    member.refresh_from_db()
    assert member.role == Role.READER


def test_a_member_of_another_project_cannot_be_touched_through_ours(who: People) -> None:
    foreign = factories.project()
    person = factories.member(foreign, Role.MEMBER)
    row = Membership.unscoped.get(user=person)
    answer = who.client("admin").post(who.url(f"members/{row.pk}/remove/"), **HTMX)
    assert answer.status_code == 404
    assert Membership.unscoped.filter(pk=row.pk).exists()


def test_one_may_leave(who: People) -> None:
    own = Membership.unscoped.get(user=who.reader)
    answer = who.client("reader").post(who.url(f"members/{own.pk}/remove/"), **HTMX)
    assert answer["HX-Redirect"] == "/"
    assert not Membership.unscoped.filter(pk=own.pk).exists()


def test_a_token_is_shown_once_and_works(who: People) -> None:
    client = who.client("member")
    answer = client.post(who.url("tokens/new/"), {"name": "ci", "expiry": "7"})
    text = answer.content.decode()
    secret = text.split('id="token-secret"')[1].split(">")[1].split("<")[0]
    assert token_scope(secret, request_id="").project_id == who.project.pk
    assert "no-store" in answer["Cache-Control"]
    assert f"Bearer {secret}" in text
    days = (ApiToken.unscoped.get().expires_at - timezone.now()).days
    assert days in (6, 7)
    assert secret not in client.get(who.url("tokens/")).content.decode()


def test_a_token_needs_a_name(who: People) -> None:
    answer = who.client("member").post(who.url("tokens/new/"), {"name": " ", "expiry": "30"})
    assert answer.status_code == 422
    assert not ApiToken.unscoped.exists()


def test_members_see_and_revoke_their_own_tokens_only(who: People) -> None:
    mine, _secret = token_create(factories.scope(who.project, who.member), name="mine")
    other, _secret = token_create(factories.scope(who.project, who.admin, Role.ADMIN), name="of-the-admin")
    client = who.client("member")
    assert "of-the-admin" not in client.get(who.url("tokens/")).content.decode()
    assert "mine" in who.client("admin").get(who.url("tokens/")).content.decode()
    assert client.post(who.url(f"tokens/{other.pk}/revoke/"), **HTMX).status_code == 403
    assert client.post(who.url(f"tokens/{mine.pk}/revoke/"), **HTMX).status_code == 200
    other.refresh_from_db()
    mine.refresh_from_db()
    assert (other.revoked_at, mine.revoked_at is not None) == (None, True)


def test_an_expired_token_says_so(who: People) -> None:
    token, _secret = token_create(factories.scope(who.project, who.member), name="old")
    ApiToken.unscoped.filter(pk=token.pk).update(expires_at=timezone.now() - datetime.timedelta(days=1))
    assert "Expired" in who.client("member").get(who.url("tokens/")).content.decode()


def test_staff_set_limits_on_the_quota_page(who: People) -> None:
    form = {"instances": "3", "vcpus": "", "ram_mib": "2048", "volumes": "4", "gigabytes": "10"}
    assert who.client("admin").post(who.url("quotas/"), form).status_code == 403
    assert Quota.unscoped.get(project=who.project, resource="instances").limit == 20
    assert 'name="instances"' not in who.client("admin").get(who.url("quotas/")).content.decode()
    assert who.client("staff").post(who.url("quotas/"), form).status_code == 302
    limits = dict(Quota.unscoped.filter(project=who.project).values_list("resource", "limit"))
    assert (limits["instances"], limits["vcpus"], limits["gigabytes"]) == (3, -1, 10)
    assert who.client("staff").post(who.url("quotas/"), {**form, "instances": "-5"}).status_code == 422


def test_staff_make_rename_and_disable_a_project(who: People) -> None:
    client = who.client("staff")
    assert client.post("/fleet/projects/new/", {"name": "Fresh one", "description": "x"}).url == "/p/fresh-one/members/"
    project = Project.unscoped.get(slug="fresh-one")
    taken = client.post("/fleet/projects/new/", {"name": "Fresh one"})
    assert taken.status_code == 422
    assert "There is a project of that name" in taken.content.decode()
    assert client.post(f"/fleet/projects/{project.pk}/", {"name": "Renamed"}).status_code == 302
    assert client.post(f"/fleet/projects/{project.pk}/enable/", {"enabled": ""}, **HTMX).status_code == 200
    project.refresh_from_db()
    assert (project.name, project.enabled) == ("Renamed", False)
    assert who.client("admin").post("/fleet/projects/new/", {"name": "Mine"}).status_code == 403
    assert not Project.unscoped.filter(name="Mine").exists()


def test_a_made_user_can_sign_in_with_the_password_shown(who: People, client) -> None:
    answer = who.client("staff").post("/fleet/users/new/", {"username": "zoe", "full_name": "Zoë", "email": ""})
    password = answer.content.decode().split('id="new-password">')[1].split("<")[0]
    assert "no-store" in answer["Cache-Control"]
    assert client.post("/accounts/login/", {"login": "zoe", "password": password}).status_code == 302


def test_resetting_a_password_shows_the_new_one(who: People, client) -> None:
    answer = who.client("staff").post(f"/fleet/users/{who.member.pk}/password/")
    password = answer.content.decode().split('id="new-password">')[1].split("<")[0]
    assert client.post("/accounts/login/", {"login": who.member.username, "password": password}).status_code == 302
    assert who.client("admin").post(f"/fleet/users/{who.reader.pk}/password/").status_code == 403


def test_staff_change_others_but_not_themselves_by_a_slip(who: People) -> None:
    client = who.client("staff")
    assert client.post(f"/fleet/users/{who.member.pk}/change/", {"is_active": ""}, **HTMX).status_code == 200
    assert client.post(f"/fleet/users/{who.staff.pk}/change/", {"is_staff": ""}, **HTMX).status_code == 409
    assert not User.objects.get(pk=who.member.pk).is_active
    assert User.objects.get(pk=who.staff.pk).is_staff


def test_the_audit_log_is_filtered_and_paged(who: People) -> None:
    client = who.client("staff")
    for number in range(30):
        factories.project(f"paged {number}")
    first = client.get("/fleet/audit/?per=25&action=project.create").content.decode()
    assert first.count("<tr id=") == 25
    following = first.split('rel="next"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).content.decode()
    assert second.count("<tr id=") == AuditEvent.unscoped.filter(action="project.create").count() - 25
    assert 'rel="prev"' in second
    assert "Nothing matches" in client.get("/fleet/audit/?q=actor:nobody").content.decode()
    assert client.get("/fleet/audit/?after=nonsense").status_code == 200


def test_the_audit_log_of_a_project_holds_its_own_events_only(who: People) -> None:
    foreign = factories.project("Somebody else's")
    assert foreign.name not in who.client("admin").get(who.url("audit/?project=&q=")).content.decode()


def test_one_changes_ones_own_name_and_nothing_else(who: People) -> None:
    client = who.client("reader")
    assert client.post("/account/", {"full_name": "<b>Rita</b>", "email": "r@example.org"}).status_code == 302
    assert "&lt;b&gt;Rita" in client.get("/account/").content.decode()
    assert client.post("/account/", {"full_name": "x", "email": "no mail"}).status_code == 422
    who.reader.refresh_from_db()
    assert (who.reader.email, who.reader.is_staff) == ("r@example.org", False)


def test_changing_the_password_ends_other_sessions_and_is_audited() -> None:
    from django.test import Client

    user, _password = user_create(Scope.system(), username="pat", password="correct horse battery")
    here, there = Client(), Client()
    here.force_login(user)
    there.force_login(user)
    form = {"oldpassword": "correct horse battery", "password1": "another good 1 x", "password2": "another good 1 x"}
    assert here.post("/accounts/password/change/", form).url == "/account/"
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert AuditEvent.unscoped.filter(action="user.change_password", actor=user).exists()


def test_wrong_passwords_are_throttled_with_words(client) -> None:
    user_create(Scope.system(), username="target", password="correct horse battery")
    answers = [client.post("/accounts/login/", {"login": "target", "password": "wrong"}) for _n in range(7)]
    assert "not correct" in answers[0].content.decode()
    assert "Too many failed login attempts" in answers[-1].content.decode()
    right = client.post("/accounts/login/", {"login": "target", "password": "correct horse battery"})
    assert right.status_code == 200


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "password/reset/", "password/set/", "confirm-email/", "login/code/"]
)
def test_what_we_do_not_offer_is_closed(client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code in (302, 404)
    client.force_login(factories.user())
    assert client.get(f"/accounts/{path}").status_code == 404

"""A change, its audit event and its answer to an Idempotency-Key: all three or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from compute.models.catalog import Flavor, KeyPair
from compute.services.flavors import flavor_create
from compute.services.instances import InstanceSpec, instance_create
from compute.services.key_pairs import key_pair_generate
from console.core.errors import Forbidden, Invalid
from console.core.scope import Role, Scope
from console.fleet.services.hosts import host_create
from console.identity.models.audit import AnsweredRequest, AuditEvent
from console.identity.services import changes
from console.identity.services.changes import AlreadyAnswered, change
from console.identity.services.projects import member_set
from console.identity.services.quotas import quota_set
from console.identity.services.users import user_create
from storage.services.images import image_create
from tests import factories
from tests.unit.threads import at_once

pytestmark = pytest.mark.django_db


class Crash(BaseException):
    """The process is gone."""


def keyed(key: str = "k1") -> Scope:
    return replace(factories.scope(factories.project()), idempotency_key=key, fingerprint="f")


def test_all_three_are_written_together() -> None:
    scope = keyed()
    pair, _secret = key_pair_generate(scope, name="mine")
    answered = AnsweredRequest.unscoped.get()
    assert (answered.user_id, answered.wall, answered.target_id) == (scope.user_id, str(scope.project_id), pair.pk)
    assert (answered.target_type, answered.fingerprint) == ("keypair", "f")
    event = AuditEvent.unscoped.get(action="keypair.create")
    assert (event.target_id, event.actor_id, event.outcome) == (pair.pk, scope.user_id, "done")


@pytest.mark.parametrize("where", ["_record", "_remember_answer"])
def test_a_crash_between_leaves_none(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = keyed()

    def crash(*_args: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(changes, where, crash)
        with pytest.raises(Crash):
            key_pair_generate(scope, name="mine")
    assert not KeyPair.unscoped.exists()
    assert not AnsweredRequest.unscoped.exists()
    assert not AuditEvent.unscoped.filter(action="keypair.create").exists()
    key_pair_generate(scope, name="mine")


def test_the_same_key_never_acts_twice() -> None:
    scope = keyed()
    key_pair_generate(scope, name="one")
    with pytest.raises(AlreadyAnswered):
        key_pair_generate(scope, name="two")
    assert [pair.name for pair in KeyPair.unscoped.all()] == ["one"]
    assert AuditEvent.unscoped.filter(action="keypair.create").count() == 1


def test_a_key_is_bound_to_user_and_walls() -> None:
    scope = keyed()
    key_pair_generate(scope, name="one")
    key_pair_generate(keyed(), name="one")
    other = factories.project()
    factories.member(other, of_user=KeyPair.unscoped.filter(user_id=scope.user_id).get().user)
    key_pair_generate(scope.within(other.pk), name="two")
    assert AnsweredRequest.unscoped.count() == 3


def test_a_refused_request_may_be_sent_again() -> None:
    scope = keyed()
    with pytest.raises(Invalid):
        key_pair_generate(scope, name="")
    assert not AnsweredRequest.unscoped.exists()
    key_pair_generate(scope, name="fine")


@pytest.mark.parametrize("refusal", [Forbidden("no")])
def test_a_refusal_rolls_back_and_is_on_record(refusal: Forbidden) -> None:
    scope = factories.scope(factories.project())
    with pytest.raises(Forbidden), change(scope, "flavor.create") as act:
        Flavor.unscoped.create(name="x", vcpus=1, memory_mib=1, disk_gib=1)
        act.detail["asked"] = "x"
        raise refusal
    assert not Flavor.unscoped.exists()
    event = AuditEvent.unscoped.get(action="flavor.create")
    assert event.outcome == "refused" and event.detail == {"asked": "x", "code": "forbidden", "message": "no"}


def test_bad_input_is_not_worth_an_event() -> None:
    scope = factories.scope(factories.project())
    with pytest.raises(Invalid), change(scope, "flavor.create"):
        raise Invalid.field("name", "bad")
    assert not AuditEvent.unscoped.filter(action="flavor.create").exists()


@pytest.mark.django_db(transaction=True)
def test_eight_repeats_at_once_act_once() -> None:
    scope = keyed()
    answers = at_once(*[lambda number=number: key_pair_generate(scope, name=f"n{number}") for number in range(8)])
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyAnswered) for answer in answers) == 7
    assert KeyPair.unscoped.count() == 1


@pytest.mark.parametrize(
    ("act", "action"),
    [
        (lambda scope: instance_create(scope, InstanceSpec("x", "y", "z")), "instance.create"),
        (lambda scope: image_create(scope, name="x", format="raw"), "image.create"),
        (lambda scope: key_pair_generate(scope, name="x"), "keypair.create"),
        (lambda scope: member_set(scope, username="x", role="admin"), "member.set"),
        (lambda scope: quota_set(scope, project_id=scope.project_id, limits={"vcpus": -1}), "quota.update"),
        (lambda scope: user_create(scope, username="eve", is_staff=True), "user.create"),
        (lambda scope: host_create(scope, name="h", uri="qemu:///system"), "host.create"),
        (lambda scope: flavor_create(scope, name="f", vcpus=1, memory_mib=64, disk_gib=1), "flavor.create"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whoever_lacks_the_right_is_on_record(act: Callable[[Scope], Any], action: str) -> None:
    scope = factories.scope(factories.project(), role=Role.READER)
    AuditEvent.unscoped.all().delete()
    with pytest.raises(Forbidden):
        act(scope)
    event = AuditEvent.unscoped.get()
    assert (event.action, event.outcome, event.actor_id) == (action, "refused", scope.user_id)
    assert event.project_id == scope.project_id

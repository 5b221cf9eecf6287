"""No answer without a scope; nothing of others within one."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import connection, models

from compute.models.catalog import Flavor, KeyPair
from compute.models.instances import Instance
from console.core.errors import NotFound
from console.core.models import ScopedModel, UnscopedAccess
from console.core.scope import Role, Scope
from console.fleet.models.hosts import Host
from console.identity.models.projects import Project
from networking.models.networks import Network, Port
from storage.models.images import Image
from storage.models.volumes import Volume
from tests import factories

pytestmark = pytest.mark.django_db


def test_rows_of_others_are_invisible() -> None:
    mine, other = factories.project(), factories.project()
    factories.instance(mine)
    theirs = factories.instance(other)
    scope = factories.scope(mine)
    tables: list[type[ScopedModel]] = [Project, Instance, Volume, Port, Image]
    for model in tables:
        owned = model.unscoped.filter(pk=other.pk) if model is Project else model.unscoped.filter(project=other)
        assert owned.exists()
        assert not model.objects.within(scope).filter(pk__in=owned.values("pk")).exists()
        assert model.objects.within(scope).exists()
        with pytest.raises(NotFound) as caught:
            model.objects.get_within(scope, pk=owned.first().pk)
        assert caught.value.code == f"{model._meta.model_name}_not_found"
    assert str(theirs.pk) not in str(list(Instance.objects.within(scope).values_list("pk", flat=True)))


@pytest.mark.parametrize("pk", ["nonsense", "", None, 7, uuid.uuid4(), "'; DROP TABLE", "\x00"])
def test_a_foreign_id_and_a_senseless_one_look_the_same(pk: object) -> None:
    with pytest.raises(NotFound):
        Instance.objects.get_within(factories.scope(factories.project()), pk=pk)


def test_the_fleet_is_for_its_keepers() -> None:
    project = factories.project()
    factories.host()
    assert not Host.objects.within(factories.scope(project, role=Role.ADMIN)).exists()
    keeper = factories.scope(project, factories.user(staff=True))
    assert Host.objects.within(keeper).exists()
    assert keeper.sees_fleet is False and keeper.within(None).sees_fleet is True


def test_staff_within_a_project_sees_that_project_only() -> None:
    mine, other = factories.project(), factories.project()
    factories.instance(other)
    keeper = factories.scope(mine, factories.user(staff=True))
    assert not Instance.objects.within(keeper).exists()
    assert Instance.objects.within(keeper.within(None)).count() == 1


def test_what_is_shared_is_seen_and_no_more() -> None:
    mine, other = factories.project(), factories.project()
    public, private = factories.image(other, "public", visibility="public"), factories.image(other, "private")
    factories.network()
    Flavor.unscoped.filter(pk=factories.flavor("hidden").pk).update(enabled=False)
    factories.flavor("shown")
    scope = factories.scope(mine)
    seen = set(Image.objects.within(scope).values_list("pk", flat=True))
    assert public.pk in seen and private.pk not in seen
    assert Network.objects.within(scope).count() == 1
    assert [flavor.name for flavor in Flavor.objects.within(scope)] == ["shown"]


def test_key_pairs_belong_to_their_user() -> None:
    project = factories.project()
    ann, bob = factories.scope(project), factories.scope(project, role=Role.ADMIN)
    KeyPair.unscoped.create(user_id=ann.user_id, name="a", public_key="x", fingerprint="f", key_type="t")
    assert KeyPair.objects.within(ann).count() == 1
    assert not KeyPair.objects.within(bob).exists()
    assert not KeyPair.objects.within(Scope(project_id=project.pk, role=Role.ADMIN)).exists()


def test_nobody_sees_nothing() -> None:
    factories.instance(factories.project())
    for model in (Instance, Volume, Port, Host, Project):
        assert not model.objects.within(Scope()).exists()


def test_related_rows_and_django_itself_still_work() -> None:
    project = factories.project()
    instance = factories.instance(project)
    assert instance.project == project and project.instances.get() == instance
    assert isinstance(Instance._default_manager, models.Manager)
    with pytest.raises(UnscopedAccess):
        Instance.objects.create(name="x")
    instance.refresh_from_db()


@pytest.mark.parametrize(("role", "may"), [(Role.READER, 1), (Role.MEMBER, 2), (Role.ADMIN, 3)])
def test_roles_are_a_ladder(role: Role, may: int) -> None:
    assert [Scope(role=role).may(needed) for needed in Role] == [number < may for number in range(3)]
    assert not Scope().may(Role.READER)
    assert Scope(is_staff=True).may(Role.ADMIN) and Scope.system().may(Role.ADMIN)


def test_user_data_is_ciphertext_at_rest() -> None:
    secret = "#!/bin/sh\nexport PASSWORD=🦊hunter2\n"
    instance = factories.instance(factories.project(), user_data=secret)
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_data FROM compute_instance")
        (stored,) = cursor.fetchone()
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            assert "hunter2" not in repr(cursor.fetchall()), table
    assert stored and "hunter2" not in stored
    assert Instance.unscoped.get(pk=instance.pk).user_data == secret
    Instance.unscoped.filter(pk=instance.pk).update(user_data="")
    assert Instance.unscoped.get(pk=instance.pk).user_data == ""
    assert json.dumps(stored)

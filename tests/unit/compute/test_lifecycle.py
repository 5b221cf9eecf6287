"""The life of an instance on a fake host, through services and operations."""

from __future__ import annotations

import pytest

from compute.models.instances import Instance
from compute.services.instances import InstanceSpec, instance_create, instance_delete, instance_start, instance_stop
from console.core.errors import Busy, Invalid, QuotaExceeded
from console.identity.models.audit import AuditEvent
from console.identity.models.projects import Quota
from console.operations.services.operations import active_on
from console.virt.errors import Refused
from console.virt.port import Power
from tests import factories

pytestmark = pytest.mark.django_db


def used(project: object) -> dict[str, int]:
    return dict(Quota.unscoped.filter(project=project).values_list("resource", "used"))


def test_create_stop_start_delete() -> None:
    project = factories.project()
    instance = factories.instance(project)
    host = instance.host
    assert host is not None
    fake = factories.fake_of(host)
    assert instance.status == "running"
    assert fake.domain_get(str(instance.pk)).power == Power.RUNNING
    assert used(project) == {"instances": 1, "vcpus": 1, "ram_mib": 128, "volumes": 1, "gigabytes": 1}

    scope = factories.scope(project)
    assert factories.run(instance_stop(scope, instance_id=instance.pk, force=True)).state == "succeeded"
    instance.refresh_from_db()
    assert instance.status == "stopped"
    assert factories.run(instance_start(scope, instance_id=instance.pk)).state == "succeeded"

    assert factories.run(instance_delete(scope, instance_id=instance.pk)).state == "succeeded"
    assert not Instance.unscoped.filter(pk=instance.pk).exists()
    assert fake.domain_list() == ()
    names = [volume.name for volume in fake.volume_list("pool")]
    assert all(name.startswith("image-") for name in names)
    assert set(used(project).values()) == {0}
    host.refresh_from_db()
    assert (host.used_vcpus, host.used_memory_mib) == (0, 0)
    assert AuditEvent.unscoped.filter(action="instance.delete", outcome="done").exists()


def test_a_failed_create_gives_back_what_it_took_and_can_be_deleted() -> None:
    project = factories.project()
    host = factories.host()
    factories.fake_of(host).fail_next("domain_start", Refused("no luck", hint="try another"))
    instance = factories.instance(project, running=False)
    operation = factories.run(active_on("instance", instance.pk))
    assert (operation.state, operation.error_message, operation.error_hint) == ("failed", "no luck", "try another")
    instance.refresh_from_db()
    assert (instance.status, instance.trouble) == ("error", "no luck")
    assert set(used(project).values()) == {0}
    assert factories.fake_of(host).domain_list() == ()
    assert factories.run(instance_delete(factories.scope(project), instance_id=instance.pk)).state == "succeeded"
    assert set(used(project).values()) == {0}


def test_quota_is_all_or_nothing() -> None:
    project = factories.project()
    factories.host()
    image, flavor = factories.image(project), factories.flavor()
    Quota.unscoped.filter(project=project, resource="instances").update(limit=2)
    with pytest.raises(QuotaExceeded) as caught:
        instance_create(factories.scope(project), InstanceSpec("x", image.pk, flavor.pk, count=3))
    assert "instances" in caught.value.fields
    assert Instance.unscoped.count() == 0
    assert set(used(project).values()) == {0}


def test_one_operation_at_a_time() -> None:
    project = factories.project()
    instance = factories.instance(project)
    scope = factories.scope(project)
    first = instance_stop(scope, instance_id=instance.pk)
    with pytest.raises(Busy) as caught:
        instance_stop(scope, instance_id=instance.pk)
    assert caught.value.operation_id == first.pk


def test_stop_presses_then_waits_then_pulls_the_plug() -> None:
    project = factories.project()
    instance = factories.instance(project)
    fake = factories.fake_of(instance.host)
    operation = instance_stop(factories.scope(project), instance_id=instance.pk, timeout=1)
    factories.run(operation)
    if operation.state != "succeeded":
        assert operation.not_before is not None and operation.lease_until is None
    assert fake.calls["domain_shutdown"] >= 1


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"image": "nonsense"}, "image"),
        ({"flavor": None}, "flavor"),
        ({"network": "nonsense"}, "network"),
        ({"key_pair": "nonsense"}, "key_pair"),
        ({"count": 0}, "count"),
        ({"count": 21}, "count"),
        ({"count": True}, "count"),
        ({"user_data": "x" * 70000}, "user_data"),
        ({"user_data": "a\x00"}, "user_data"),
    ],
)
def test_bad_input_names_the_field_and_leaves_nothing(spec: dict, field: str) -> None:
    project = factories.project()
    factories.host()
    good = {"name": "ok", "image": factories.image(project).pk, "flavor": factories.flavor().pk}
    with pytest.raises(Invalid) as caught:
        instance_create(factories.scope(project), InstanceSpec(**{**good, **spec}))
    assert field in caught.value.fields
    assert Instance.unscoped.count() == 0


@pytest.mark.parametrize("name", ["<b>", "]]>", "🦊 fox", "../../etc/passwd", "a&b\"'", "名前"])
def test_hostile_names_survive_intact(name: str) -> None:
    project = factories.project()
    instance = factories.instance(project, name=name)
    facts = factories.fake_of(instance.host).domain_get(str(instance.pk))
    assert (instance.name, facts.title) == (name, name)

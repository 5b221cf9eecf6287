"""What happens between two looks at the database."""

from __future__ import annotations

import uuid

import pytest

from compute.models.instances import Instance
from compute.selectors import instance_get
from compute.services.instances import instance_adopt
from console.core.errors import NotFound
from console.core.scope import Scope
from console.fleet.models.hosts import UnmanagedDomain
from console.virt.port import DomainFacts, Power
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_instance_deleted_between_two_looks_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    project = factories.project()
    monkeypatch.setattr(type(Instance.objects), "get_within", lambda *_args, **_named: None)
    with pytest.raises(NotFound):
        instance_get(factories.scope(project), instance_id=uuid.uuid4())


def test_an_adopted_domain_is_at_once_no_stranger_any_more() -> None:
    project, host = factories.project(), factories.host()
    identity = str(uuid.uuid4())
    facts = DomainFacts(identity, "stranger", "", Power.STOPPED, "", True, 1, 64, None)
    factories.fake_of(host)._state.domains[identity] = facts
    row = UnmanagedDomain.unscoped.create(host=host, uuid=identity, name="stranger", power="stopped", memory_mib=64)
    _instance, operation = instance_adopt(Scope.system(), domain_id=row.pk, project_id=project.pk)
    assert factories.run(operation).state == "succeeded", operation.error_message
    assert not UnmanagedDomain.unscoped.exists()

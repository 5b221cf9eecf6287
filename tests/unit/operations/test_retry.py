"""Retrying what waits for a host."""

from __future__ import annotations

import pytest

from compute.services.instances import instance_stop
from console.core.errors import Conflict
from console.operations import leases
from console.operations.services.operations import operation_retry
from console.virt.errors import HostUnavailable
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_operation_that_waits_for_its_host_can_be_run_at_once() -> None:
    project = factories.project()
    instance = factories.instance(project)
    factories.fake_of(instance.host).fail_next("domain_get", HostUnavailable("away"))
    operation = factories.run(instance_stop(factories.scope(project), instance_id=instance.pk, force=True))
    assert (operation.state, operation.error_code) == ("running", "host_unavailable")
    assert factories.run(operation).state == "running"  # its pause is not over

    operation_retry(factories.scope(project), operation_id=operation.pk)
    assert factories.run(operation).state == "succeeded"


def test_one_that_runs_cannot() -> None:
    project = factories.project()
    instance = factories.instance(project)
    operation = instance_stop(factories.scope(project), instance_id=instance.pk)
    assert leases.claim(operation.pk) is not None
    with pytest.raises(Conflict):
        operation_retry(factories.scope(project), operation_id=operation.pk)

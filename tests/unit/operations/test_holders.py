"""Leases of the dead are ended at once; those of the living and of strangers are not."""

from __future__ import annotations

import subprocess

import pytest
from django.utils import timezone

from compute.services.instances import instance_stop
from console.operations import holders, leases
from console.operations.models.operations import Operation
from tests import factories


def test_i_am_alive_and_strangers_are_unknown() -> None:
    assert not holders.is_known_dead(holders.me())
    assert not holders.is_known_dead("elsewhere:1/99999999/1")
    assert not holders.is_known_dead("")


def test_a_process_that_ended_is_dead_and_so_is_one_whose_id_was_reused() -> None:
    machine = holders.me().partition("/")[0]
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert holders.is_known_dead(f"{machine}/{gone.pid}/12345")
    own = holders.me().split("/")[1]
    assert holders.is_known_dead(f"{machine}/{own}/1")


@pytest.mark.django_db
def test_only_the_leases_of_the_dead_are_taken() -> None:
    project = factories.project()
    instance = factories.instance(project)
    operation = leases.claim(instance_stop(factories.scope(project), instance_id=instance.pk).pk)
    assert operation is not None and operation.holder == holders.me()
    assert leases.take_from_the_dead() == 0

    machine = holders.me().partition("/")[0]
    Operation.unscoped.filter(pk=operation.pk).update(holder=f"{machine}/{2**30}/1")
    assert leases.take_from_the_dead() == 1
    operation.refresh_from_db()
    assert operation.lease_until is not None and operation.lease_until <= timezone.now()
    assert leases.claim(operation.pk) is not None

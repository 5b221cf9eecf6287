"""Files of images: checked, taken once, kept while they are used, and carried to a host once."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from compute.services.instances import InstanceSpec, instance_create, instance_delete
from console.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooLarge
from console.core.scope import Role, Scope
from console.operations.context import Context, NotYet
from console.operations.leases import claim
from console.operations.models.operations import Operation
from console.virt.errors import HostUnavailable
from storage.models.images import Image, ImageCopy
from storage.services.disks import image_on_host
from storage.services.images import image_create, image_delete, image_receive, image_update, image_usable
from tests import factories
from tests.unit.threads import at_once

pytestmark = pytest.mark.django_db


def described(**values: Any) -> tuple[Scope, Image]:
    scope = factories.scope(factories.project())
    return scope, image_create(scope, name="disk", format="qcow2", **values)


def left_over(image: Image) -> list[str]:
    found = [*Path(settings.UPLOAD_DIR).glob(f"{image.pk}*")]
    return sorted(path.name for path in found) + ([image.path.name] if image.path.exists() else [])


def receive(scope: Scope, image: Image, content: bytes) -> Operation:
    chunks = iter([content[:1000], content[1000:]])
    return image_receive(scope, image_id=image.pk, chunks=chunks)[1]


def test_a_good_file_becomes_an_active_image() -> None:
    content = factories.qcow2()
    scope, image = described(size=len(content), checksum="SHA256:" + hashlib.sha256(content).hexdigest().upper())
    assert factories.run(receive(scope, image, content)).state == "succeeded"
    image.refresh_from_db()
    assert (image.status, image.size, image.virtual_size) == ("active", len(content), 64 * 1024**2)
    assert image.path.read_bytes() == content and left_over(image) == [image.path.name]
    with pytest.raises(Conflict):
        receive(scope, image, content)


@pytest.mark.parametrize(
    ("values", "content", "error"),
    [
        ({"size": 10}, b"x" * 9, Invalid),
        ({"size": 10}, b"x" * 11, TooLarge),
        ({"checksum": "0" * 64}, b"x" * 10, Invalid),
        ({}, b"", Invalid),
    ],
)
def test_what_does_not_match_is_refused_and_leaves_nothing(
    values: dict[str, Any], content: bytes, error: type[Refusal]
) -> None:
    scope, image = described(**values)
    with pytest.raises(error) as caught:
        receive(scope, image, content)
    assert list(caught.value.fields) == ["file"]
    image.refresh_from_db()
    assert image.status == "queued" and left_over(image) == []


def test_nothing_larger_than_the_limit_is_taken() -> None:
    scope, image = described()
    with override_settings(IMAGE_MAX_BYTES=100), pytest.raises(TooLarge):
        receive(scope, image, b"x" * 101)
    assert left_over(image) == []


def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    scope, image = described()

    def broken() -> Any:
        yield b"x" * 100
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        image_receive(scope, image_id=image.pk, chunks=broken())
    image.refresh_from_db()
    assert image.status == "queued" and left_over(image) == []


def test_a_bad_file_ends_as_an_error_that_says_why() -> None:
    scope, image = described()
    assert factories.run(receive(scope, image, b"no image at all")).state == "failed"
    image.refresh_from_db()
    assert image.status == "error" and "qcow2" in image.trouble and left_over(image) == []
    with pytest.raises(Invalid):
        image_usable(scope, image_id=image.pk)


@pytest.mark.django_db(transaction=True)
def test_of_two_uploads_one_wins_whole() -> None:
    scope, image = described()
    both_are_in = threading.Barrier(2)

    def upload(letter: bytes) -> Operation:
        def chunks() -> Any:
            yield letter * 1000
            both_are_in.wait(20)
            yield letter * 1000

        return image_receive(scope, image_id=image.pk, chunks=chunks())[1]

    answers = at_once(lambda: upload(b"a"), lambda: upload(b"b"))
    winners = [number for number, answer in enumerate(answers) if isinstance(answer, Operation)]
    losers = [answer for answer in answers if isinstance(answer, Conflict)]
    assert (len(winners), len(losers)) == (1, 1), answers
    content = b"ab"[winners[0] : winners[0] + 1] * 2000
    image.refresh_from_db()
    assert image.upload_path.read_bytes() == content
    assert image.checksum == hashlib.sha256(content).hexdigest()
    assert left_over(image) == [image.upload_path.name]
    image.upload_path.unlink()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"format": "vmdk"}, "format"),
        ({"visibility": "shared"}, "visibility"),
        ({"checksum": "xyz"}, "checksum"),
        ({"checksum": "0" * 64 + "\n"}, "checksum"),
        ({"size": 0}, "size"),
        ({"size": "7"}, "size"),
        ({"min_memory_mib": -1}, "min_memory_mib"),
        ({"description": "é" * 200}, "description"),
    ],
)
def test_bad_input_names_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        image_create(factories.scope(factories.project()), **{"name": "x", "format": "raw", **values})
    assert list(caught.value.fields) == [field]
    assert not Image.unscoped.exists()


def test_only_staff_shares_with_all_and_only_owners_change() -> None:
    mine, other = factories.project(), factories.project()
    scope = factories.scope(mine, role=Role.ADMIN)
    with pytest.raises(Forbidden):
        image_create(scope, name="x", format="raw", visibility="public")
    public, private = factories.image(other, "p", visibility="public"), factories.image(other, "q")
    for act in (image_update, image_delete):
        with pytest.raises(Forbidden):
            act(scope, image_id=public.pk)
        with pytest.raises(NotFound):
            act(scope, image_id=private.pk)
    with pytest.raises(Forbidden):
        image_delete(factories.scope(other, role=Role.READER), image_id=public.pk)


def test_an_image_in_use_stays() -> None:
    project = factories.project()
    instance = factories.instance(project)
    scope = factories.scope(project)
    with pytest.raises(Conflict) as caught:
        image_delete(scope, image_id=instance.image_id)
    assert caught.value.code == "image_in_use"
    factories.run(instance_delete(scope, instance_id=instance.pk))
    assert factories.run(image_delete(scope, image_id=instance.image_id)).state == "succeeded"
    assert not Image.unscoped.exists() and factories.fake_of(instance.host).volume_list("pool") == ()


def test_an_image_that_is_being_deleted_cannot_be_used() -> None:
    project = factories.project()
    factories.host()
    image, flavor = factories.image(project), factories.flavor()
    image_delete(factories.scope(project), image_id=image.pk)
    with pytest.raises(Invalid) as caught:
        instance_create(factories.scope(project), InstanceSpec("x", image.pk, flavor.pk))
    assert list(caught.value.fields) == ["image"]


class Carried:
    """Several creates that need one image on one host."""

    def __init__(self, count: int) -> None:
        project = factories.project()
        self.host = factories.host()
        self.fake = factories.fake_of(self.host)
        self.image = factories.image(project)
        self.image.path.touch()
        spec = InstanceSpec("n", self.image.pk, factories.flavor().pk, count=count)
        self.operations = instance_create(factories.scope(project), spec)[1]

    def contexts(self) -> list[Context]:
        claimed = [claim(operation.pk) for operation in self.operations]
        return [Context(operation) for operation in claimed if operation is not None]


@pytest.mark.django_db(transaction=True)
def test_one_carries_the_image_and_the_others_wait() -> None:
    world = Carried(3)
    contexts = world.contexts()
    assert len(contexts) == 3
    release, upload = threading.Event(), world.fake.volume_upload
    uploads: list[str] = []

    def slow(spec: Any, *arguments: Any, **named: Any) -> Any:
        uploads.append(spec.name)
        release.wait(20)
        return upload(spec, *arguments, **named)

    world.fake.volume_upload = slow  # type: ignore[method-assign]
    timer = threading.Timer(0.7, release.set)
    timer.start()
    answers = at_once(
        *[lambda context=context: image_on_host(context, world.image, world.host) for context in contexts]
    )
    timer.join()
    assert len(uploads) == 1
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "NotYet", "NotYet"]
    for context in contexts:
        image_on_host(context, world.image, world.host)
    assert len(uploads) == 1
    assert ImageCopy.unscoped.get().holder is None


def test_a_carrier_that_died_is_relieved_and_one_that_failed_may_come_again() -> None:
    world = Carried(2)
    first, second = world.contexts()
    world.fake.fail_next("volume_upload", HostUnavailable("gone"))
    with pytest.raises(HostUnavailable):
        image_on_host(first, world.image, world.host)
    with pytest.raises(NotYet):
        image_on_host(second, world.image, world.host)
    Operation.unscoped.filter(pk=first.operation.pk).update(lease_until=None)
    image_on_host(second, world.image, world.host)
    image_on_host(first, world.image, world.host)
    assert world.fake.calls["volume_upload"] == 2


def test_ids_that_make_no_sense_are_no_image() -> None:
    scope = factories.scope(factories.project())
    for image_id in ("x", None, uuid.uuid4(), io.BytesIO()):
        with pytest.raises(Invalid):
            image_usable(scope, image_id=image_id)  # type: ignore[arg-type]


def test_what_an_image_has_not_cannot_be_set() -> None:
    project = factories.project()
    with pytest.raises(Invalid) as caught:
        image_update(factories.scope(project), image_id=factories.image(project).pk, status="active")
    assert list(caught.value.fields) == ["status"]

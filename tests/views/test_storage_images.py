"""Pages of images."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from console.core.scope import Role
from console.operations.models.operations import Operation
from storage.models.images import Image
from storage.services.images import image_create
from tests import factories

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}
FORM = {"name": "fresh", "format": "qcow2", "min_memory_mib": "0", "checksum": "", "description": ""}


@pytest.fixture
def project():
    return factories.project("Demo")


@pytest.fixture
def page(project) -> Client:
    client = Client()
    client.force_login(factories.member(project))
    return client


def url(project, name, *args) -> str:
    return reverse(f"project:{name}", args=[project.slug, *args])


def test_list_and_detail(page, project, django_assert_max_num_queries):
    own = factories.image(project, "<i>mine</i>")
    staff = factories.scope(factories.project("Other"), factories.user(staff=True))
    shared = image_create(staff, name="for-all", format="raw", visibility="public")
    hidden = image_create(staff, name="theirs-alone", format="raw")
    with django_assert_max_num_queries(15):
        html = page.get(url(project, "images")).content.decode()
    assert "for-all" in html
    assert "theirs-alone" not in html
    assert "<i>" not in html
    assert page.get(url(project, "image", own.pk)).status_code == 200
    assert page.get(url(project, "image", shared.pk)).status_code == 200
    assert page.get(url(project, "image", hidden.pk)).status_code == 404
    assert page.post(url(project, "image-delete", hidden.pk)).status_code == 404
    assert page.post(url(project, "image-delete", shared.pk)).status_code == 403


def test_upload_as_the_page_does_it(page, project):
    answer = page.post(url(project, "image-create"), FORM, headers=JSON)
    assert answer.status_code == 201
    image = Image.unscoped.get()
    assert answer.json()["page"] == url(project, "image", image.pk)
    assert b"data-upload-to" in page.get(url(project, "image", image.pk)).content
    sent = page.put(answer.json()["file"], factories.qcow2(), "application/octet-stream", headers=JSON)
    assert sent.status_code == 202
    assert factories.run(Operation.unscoped.get(target_id=image.pk)).state == "succeeded"
    assert b"data-upload-to" not in page.get(url(project, "image", image.pk)).content
    again = page.put(answer.json()["file"], b"x", "application/octet-stream", headers=JSON)
    assert again.status_code == 409


def test_upload_is_refused_with_a_reason(page, project):
    form = {**FORM, "checksum": "0" * 64}
    file = page.post(url(project, "image-create"), form, headers=JSON).json()["file"]
    answer = page.put(file, b"something else", "application/octet-stream", headers=JSON)
    assert answer.status_code == 422
    assert "checksum" in answer.json()["detail"]
    assert page.get(file).status_code == 405


def test_bad_forms_come_back(page, project):
    answer = page.post(url(project, "image-create"), {**FORM, "name": "", "description": "kept"})
    assert answer.status_code == 422
    assert b"kept" in answer.content
    assert page.post(url(project, "image-create"), {**FORM, "checksum": "short"}).status_code == 422


def test_only_staff_share_images(page, project):
    assert b"visibility" not in page.get(url(project, "image-create")).content
    page.post(url(project, "image-create"), {**FORM, "visibility": "public"})
    assert Image.unscoped.get().visibility == "private"
    staff = Client()
    staff.force_login(factories.user(staff=True))
    staff.post(url(project, "image-edit", Image.unscoped.get().pk), {**FORM, "visibility": "public"})
    assert Image.unscoped.get().visibility == "public"


def test_edit_and_delete(page, project):
    image = factories.image(project)
    response = page.post(url(project, "image-edit", image.pk), {**FORM, "name": "renamed"})
    assert response.url == url(project, "image", image.pk)
    assert page.post(url(project, "image-edit", image.pk), {**FORM, "name": ""}).status_code == 422
    assert page.post(url(project, "image-delete", image.pk)).status_code == 302
    assert Operation.unscoped.filter(target_id=image.pk, kind="image.delete").exists()


def test_an_image_in_use_stays(page, project):
    instance = factories.instance(project)
    response = page.post(url(project, "image-delete", instance.image_id), headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert response.json()["code"] == "image_in_use"


def test_readers_upload_nothing(project):
    client = Client()
    client.force_login(factories.member(project, Role.READER))
    assert client.get(url(project, "images")).status_code == 200
    assert client.post(url(project, "image-create"), FORM).status_code == 403


@pytest.mark.parametrize(("shown", "asked_again"), [("image", False), ("images", True)])
def test_the_page_of_what_is_being_deleted_is_not_asked_for_again(page, project, shown, asked_again):
    image = factories.image(project)
    where = url(project, shown, *([image.pk] if shown == "image" else []))
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{where}"}
    answer = page.post(url(project, "image-delete", image.pk), headers=headers)
    assert ("HX-Location" in answer) is asked_again
    assert "being deleted" in answer["HX-Trigger"]

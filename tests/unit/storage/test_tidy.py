"""Uploads that broke off do not stay for ever."""

from __future__ import annotations

import os
import time

import pytest
from django.conf import settings

from storage.models.images import Image
from storage.services.images import image_create, uploads_tidy
from storage.states import ImageStatus
from tests import factories


@pytest.mark.django_db
def test_old_leftovers_go_and_the_rest_stays() -> None:
    image = image_create(factories.scope(factories.project()), name="x", format="raw")
    Image.unscoped.filter(pk=image.pk).update(status=ImageStatus.SAVING)
    old, fresh = settings.UPLOAD_DIR / "a.part.1", settings.UPLOAD_DIR / "b.part.2"
    for path in (old, fresh, image.upload_path):
        path.write_bytes(b"x")
    for path in (old, image.upload_path):
        os.utime(path, (1, 1))
    assert uploads_tidy(before=time.time() - 3600) == 1
    assert not old.exists() and fresh.exists() and image.upload_path.exists()
    fresh.unlink()
    image.upload_path.unlink()

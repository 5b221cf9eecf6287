"""Images: described, filled with a file, checked, and removed."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from console.core.bus import publish
from console.core.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from console.core.ids import parse_uuid
from console.core.policies import require_staff
from console.core.scope import Role, Scope
from console.core.validation import clean_int, clean_name, clean_text
from console.identity.services.changes import change, guard
from console.operations.models.operations import Operation
from console.operations.services.operations import active_on, submit
from storage.models.images import Format, Image, Visibility
from storage.states import ImageStatus

_CHECKSUM = re.compile(r"[0-9a-f]{64}")


def image_create(
    scope: Scope,
    *,
    name: str,
    format: str,
    description: str = "",
    visibility: str = Visibility.PRIVATE,
    checksum: str = "",
    size: int | None = None,
    min_memory_mib: int = 0,
) -> Image:
    """Describe an image that waits for its file.

    `checksum` (SHA-256) and `size` (bytes), if given, are held against it.
    """
    guard(scope, "image.create", Role.MEMBER)
    if scope.project_id is None:
        raise NotFound(_("An image belongs to a project."))
    values = {
        "name": clean_name(name),
        "description": clean_text(description, field="description", limit_bytes=255),
        "format": _clean_format(format),
        "visibility": _clean_visibility(scope, visibility),
        "expected_checksum": _clean_checksum(checksum),
        "expected_size": None if size is None else clean_int(size, field="size", low=1, high=settings.IMAGE_MAX_BYTES),
        "min_memory_mib": clean_int(min_memory_mib, field="min_memory_mib", low=0, high=1 << 20),
    }
    with change(scope, "image.create") as act:
        image: Image = Image.unscoped.create(project_id=scope.project_id, **values)
        act.about(image, visibility=image.visibility)
        publish("image", image.pk, project_id=image.project_id, created=True)
    return image


def image_receive(scope: Scope, *, image_id: uuid.UUID | str, chunks: Iterable[bytes]) -> tuple[Image, Operation]:
    """Take an image's file and begin to check it. A file that is too large or does not match is refused at once."""
    image = _own(scope, image_id, "image.upload")
    if image.status != ImageStatus.QUEUED:
        raise Conflict(_("The image has its file already."), hint=_("Make a new image for another file."))
    limit = image.expected_size or settings.IMAGE_MAX_BYTES
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    part = image.upload_path.with_name(f"{image.upload_path.name}.{uuid.uuid4().hex}")
    try:
        size, checksum = _store(part, chunks, limit)
        _hold_against(image, size, checksum)
        return _accept(scope, image, part, size, checksum)
    finally:
        part.unlink(missing_ok=True)


def _accept(scope: Scope, image: Image, part: Path, size: int, checksum: str) -> tuple[Image, Operation]:
    with change(scope, "image.upload") as act:
        taken = Image.unscoped.filter(pk=image.pk, status=ImageStatus.QUEUED).update(
            status=ImageStatus.SAVING, size=size, checksum=checksum, trouble=""
        )
        if not taken:
            raise Conflict(_("The image has just got a file from somebody else."))
        part.replace(image.upload_path)  # only the upload that won may put its file there
        image.refresh_from_db()
        act.about(image, size=size, checksum=checksum)
        operation = submit(scope, act, kind="image.import", target=image)
        publish("image", image.pk, project_id=image.project_id)
    return image, operation


def uploads_tidy(*, before: float) -> int:
    """Remove files of the upload folder that nobody has written to since `before` (seconds since the epoch).

    Those of an image that is being checked stay: its operation may be waiting.
    """
    checked = Image.unscoped.filter(status=ImageStatus.SAVING)
    kept = {image.upload_path for image in checked}
    left = [path for path in settings.UPLOAD_DIR.iterdir() if path.stat().st_mtime < before and path not in kept]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _store(part: Path, chunks: Iterable[bytes], limit: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise TooLarge(
                    _("The file is larger than %(limit)d bytes.") % {"limit": limit}, fields={"file": [_("Too large.")]}
                )
            digest.update(chunk)
            file.write(chunk)
    if size == 0:
        raise Invalid.field("file", _("The file is empty."))
    return size, digest.hexdigest()


def _hold_against(image: Image, size: int, checksum: str) -> None:
    if image.expected_size is not None and size != image.expected_size:
        raise Invalid.field(
            "file",
            _("%(size)d bytes arrived, %(expected)d were announced.") % {"size": size, "expected": image.expected_size},
        )
    if image.expected_checksum and checksum != image.expected_checksum:
        raise Invalid.field(
            "file",
            _("The checksum is %(got)s, not the one announced.") % {"got": checksum},
            hint=_("The file was damaged on its way, or it is another one."),
        )


def image_update(scope: Scope, *, image_id: uuid.UUID | str, **values: Any) -> Image:
    """Change name, description, visibility or the least memory."""
    image = _own(scope, image_id, "image.update")
    cleaners: dict[str, Callable[[Any], Any]] = {
        "name": clean_name,
        "description": lambda value: clean_text(value, field="description", limit_bytes=255),
        "visibility": lambda value: _clean_visibility(scope, value),
        "min_memory_mib": lambda value: clean_int(value, field="min_memory_mib", low=0, high=1 << 20),
    }
    for name in values.keys() - cleaners.keys():
        raise Invalid.field(name, _("There is no such setting."))
    cleaned = {name: cleaners[name](value) for name, value in values.items()}
    with change(scope, "image.update") as act:
        for name, value in cleaned.items():
            setattr(image, name, value)
        image.save(update_fields=[*cleaned, "updated_at"])
        act.about(image, **cleaned)
        publish("image", image.pk, project_id=image.project_id)
    return image


def image_delete(scope: Scope, *, image_id: uuid.UUID | str) -> Operation:
    """Remove an image that no disk is made from: here and from every host's pool."""
    image = _own(scope, image_id, "image.delete")
    with change(scope, "image.delete") as act:
        act.about(image)
        Image.unscoped.select_for_update().get(pk=image.pk)
        users = image.volumes.count()
        if users:
            raise Conflict(
                _("%(count)d disks are made from this image.") % {"count": users},
                hint=_("Delete the instances that use it first."),
                code="image_in_use",
            )
        operation = submit(scope, act, kind="image.delete", target=image)
        Image.unscoped.filter(pk=image.pk).update(status=ImageStatus.DELETING)
        publish("image", image.pk, project_id=image.project_id)
    return operation


def image_usable(scope: Scope, *, image_id: uuid.UUID | str) -> Image:
    """An image that a disk may be made from now; Invalid names the field `image` otherwise.

    Call it inside the transaction that makes the disk: the row is locked, so that nobody deletes the image meanwhile.
    """
    image = Image.objects.within(scope).select_for_update(of=("self",)).filter(pk=parse_uuid(image_id)).first()
    if image is None:
        raise Invalid.field("image", _("There is no such image."))
    if image.status != ImageStatus.ACTIVE or active_on("image", image.pk):
        raise Invalid.field("image", _("The image is not ready: %(status)s.") % {"status": image.pill.label})
    found: Image = image
    return found


def _own(scope: Scope, image_id: uuid.UUID | str, action: str) -> Image:
    guard(scope, action, Role.MEMBER)
    image: Image = Image.objects.get_within(scope, pk=image_id)
    if image.project_id != scope.project_id and not scope.sees_fleet:
        raise Forbidden(_("The image belongs to another project."))
    return image


def _clean_format(value: str) -> str:
    if value not in Format.values:
        raise Invalid.field("format", _("The formats are qcow2 and raw."))
    return value


def _clean_visibility(scope: Scope, value: str) -> str:
    if value not in Visibility.values:
        raise Invalid.field("visibility", _("The choices are private and public."))
    if value == Visibility.PUBLIC:
        require_staff(scope)
    return value


def _clean_checksum(value: str) -> str:
    value = (value or "").lower().removeprefix("sha256:")
    if value and not _CHECKSUM.fullmatch(value):
        raise Invalid.field("checksum", _("This must be a SHA-256 sum: 64 hexadecimal digits."))
    return value

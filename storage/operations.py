"""What is slow about images: checking a file, and removing it everywhere."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.bus import publish
from console.fleet.models.hosts import Host
from console.fleet.services.connections import connection
from console.operations.context import Context
from console.operations.registry import Handler, Step, register
from storage.models.images import Image
from storage.services.inspection import inspect
from storage.states import ImageStatus


def _image(context: Context) -> Image:
    image: Image = Image.unscoped.get(pk=context.operation.target_id)
    return image


def _set(context: Context, **values: object) -> None:
    image_id = context.operation.target_id
    Image.unscoped.filter(pk=image_id).update(**values)
    project_id = Image.unscoped.filter(pk=image_id).values_list("project_id", flat=True).first()
    publish("image", image_id, project_id=project_id)


def _check(context: Context) -> None:
    image = _image(context)
    path = image.upload_path if image.upload_path.exists() else image.path
    found = inspect(path, image.format)
    _set(context, virtual_size=found.virtual_size)
    context.note(_("A %(format)s image of %(size)d MiB.") % {"format": image.format, "size": found.virtual_size >> 20})


def _keep(context: Context) -> None:
    image = _image(context)
    settings.IMAGE_DIR.mkdir(parents=True, exist_ok=True)
    if image.upload_path.exists():
        image.upload_path.replace(image.path)


def _forget_file(context: Context) -> None:
    image = _image(context)
    image.upload_path.unlink(missing_ok=True)
    image.path.unlink(missing_ok=True)


register(
    Handler(
        kind="image.import",
        label=gettext_lazy("Check image"),
        steps=(
            Step("checked", gettext_lazy("Look into the file"), _check, undo=_forget_file),
            Step("kept", gettext_lazy("Keep the file"), _keep),
        ),
        succeeded=lambda context: _set(context, status=ImageStatus.ACTIVE),
        failed=lambda context: _set(
            context, status=ImageStatus.ERROR, trouble=context.operation.error_message or _("Cancelled.")
        ),
        retryable=False,
    )
)


def _off_hosts(context: Context) -> None:
    image = _image(context)
    for host in Host.unscoped.exclude(pool_name=""):
        connection(host).volume_delete(host.pool_name, image.volume_name)


def _gone(context: Context) -> None:
    image = _image(context)
    publish("image", image.pk, project_id=image.project_id)
    image.delete()


register(
    Handler(
        kind="image.delete",
        label=gettext_lazy("Delete image"),
        steps=(
            Step("off_hosts", gettext_lazy("Remove from the hosts"), _off_hosts),
            Step("file_removed", gettext_lazy("Remove the file"), _forget_file),
        ),
        succeeded=_gone,
        failed=lambda context: _set(context, status=ImageStatus.ERROR, trouble=context.operation.error_message),
        cancellable=False,
    )
)

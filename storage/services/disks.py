"""Disks on hosts: what operations of other apps call to make volumes and images be there, or be gone."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from console.fleet.models.hosts import Host
from console.fleet.services.connections import connection
from console.operations.context import Context, NotYet
from console.operations.models.operations import ACTIVE, Operation
from console.virt.port import DiskSpec, VolumeFormat, VolumeSpec
from storage.models.images import Image, ImageCopy
from storage.models.volumes import Volume

_WAIT_SECONDS = 0.5


def image_on_host(context: Context, image: Image, host: Host) -> None:
    """Make the image a volume of the host's pool: carried once, kept for all the overlays to come.

    Of several operations that need it at the same moment one carries it and the others wait (NotYet).
    """
    hypervisor = connection(host)
    if hypervisor.volume_get(host.pool_name, image.volume_name) is not None:
        return
    copy, _created = ImageCopy.unscoped.get_or_create(image=image, host=host)
    if not _may_carry(copy, context.operation):
        raise NotYet(_WAIT_SECONDS)
    spec = VolumeSpec(host.pool_name, image.volume_name, image.virtual_size, VolumeFormat(image.format))
    with image.path.open("rb") as file:
        hypervisor.volume_upload(spec, file, image.size, progress=context.progress)
    ImageCopy.unscoped.filter(pk=copy.pk, holder=context.operation).update(holder=None)


def _may_carry(copy: ImageCopy, operation: Operation) -> bool:
    """Take the copy for an operation unless one that is alive holds it."""
    alive = Operation.unscoped.filter(state__in=ACTIVE, lease_until__gte=timezone.now())
    free = Q(holder=None) | Q(holder=operation) | ~Q(holder__in=alive)
    return bool(ImageCopy.unscoped.filter(free, pk=copy.pk).update(holder=operation))


def volume_on_host(volume: Volume) -> None:
    """Make the volume: an overlay of its image, never a copy."""
    image = volume.image
    connection(volume.host).volume_ensure(
        VolumeSpec(
            pool=volume.pool,
            name=volume.file_name,
            capacity=volume.size_gib * 1024**3,
            backing=image.volume_name if image else None,
            backing_format=VolumeFormat(image.format) if image else VolumeFormat.QCOW2,
        )
    )


def volume_off_host(volume: Volume) -> None:
    """Remove the volume's file; fine if there is none."""
    connection(volume.host).volume_delete(volume.pool, volume.file_name)


def disk_spec(volume: Volume, *, boot_order: int | None) -> DiskSpec:
    """The volume as a disk of a domain."""
    return DiskSpec(volume.pool, volume.file_name, volume.target, serial=volume.serial, boot_order=boot_order)

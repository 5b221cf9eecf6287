"""Disks on hosts: what operations of other apps call to make volumes and images be there, or be gone."""

from __future__ import annotations

from console.fleet.models.hosts import Host
from console.fleet.services.connections import connection
from console.operations.context import Context
from console.virt.port import DiskSpec, VolumeFormat, VolumeSpec
from storage.models.images import Image
from storage.models.volumes import Volume


def image_on_host(context: Context, image: Image, host: Host) -> None:
    """Make the image a volume of the host's pool: fetched once, kept for all the overlays to come."""
    hypervisor = connection(host)
    if hypervisor.volume_get(host.pool_name, image.volume_name) is not None:
        return
    spec = VolumeSpec(host.pool_name, image.volume_name, image.virtual_size, VolumeFormat(image.format))
    with image.path.open("rb") as file:
        hypervisor.volume_upload(spec, file, image.size, progress=context.progress)


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

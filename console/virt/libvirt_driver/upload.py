"""Images into pools, whole or not at all.

libvirt cannot rename a volume, and its own copy (createXMLFrom) also writes under the final name, a second time. So an
upload goes straight under the final name, and an empty volume beside it says "unfinished" for as long as that is true:
it is made before the first byte and removed after the last. Every look-up of this driver takes a marked volume for
absent, and the next upload clears it away and starts again, whoever died in between: the caller, the line or libvirtd.
What libvirt does not offer is to flush the file to disk: a host that loses power in the half minute after an upload may
keep a torn image without a marker.
"""

from __future__ import annotations

import threading
from typing import BinaryIO

import libvirt

from console.virt.errors import HostUnavailable, Refused
from console.virt.libvirt_driver.connection import Connection, call
from console.virt.libvirt_driver.errors import is_out_of_turn
from console.virt.libvirt_driver.storage import (
    Storage,
    create_file,
    create_volume,
    delete_volume,
    facts_of,
    find_volume,
    marker_of,
)
from console.virt.port import Progress, VolumeFacts, VolumeFormat, VolumeSpec

CHUNK = 1024 * 1024
DENSE_HEAD = CHUNK
"""libvirt makes a qcow2 volume with some metadata. A hole would leave that standing, data replaces it."""


class Upload(Storage):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._uploads = threading.Lock()

    @call("take the upload of {spec.name} into pool {spec.pool}", seconds=3600)
    def volume_upload(
        self, spec: VolumeSpec, source: BinaryIO, size: int, *, progress: Progress | None = None
    ) -> VolumeFacts:
        # One at a time and host: two at once only share the same disk and line.
        with self._uploads:
            pool = self._pool(spec.pool)
            present = find_volume(pool, spec.name)
            marker = find_volume(pool, marker_of(spec.name))
            if present is not None and marker is None:
                return facts_of(spec.pool, present)
            marker = marker or create_file(pool, spec.pool, marker_of(spec.name))
            if present is not None:
                self._clear_away(spec, present)
            volume = create_volume(pool, _sized(spec, size))
            self._send(volume, source, size, progress)
            delete_volume(marker)
            return facts_of(spec.pool, volume)

    def _clear_away(self, spec: VolumeSpec, rest: libvirt.virStorageVol) -> None:
        try:
            delete_volume(rest)
        except libvirt.libvirtError as error:
            if is_out_of_turn(error):
                # libvirt still counts a writer; it ends with that writer's connection.
                raise HostUnavailable(
                    f"Another upload of {spec.name} into pool {spec.pool} is still running"
                ) from error
            raise

    def _send(self, volume: libvirt.virStorageVol, source: BinaryIO, size: int, progress: Progress | None) -> None:
        stream = self._raw.newStream()
        volume.upload(stream, 0, size, libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM)
        try:
            self._send_all(stream, source, size, progress)
        except BaseException:
            stream.abort()
            raise
        stream.finish()

    def _send_all(self, stream: libvirt.virStream, source: BinaryIO, size: int, progress: Progress | None) -> None:
        done = 0
        while done < size:
            chunk = source.read(min(CHUNK, size - done))
            if not chunk:
                raise Refused(f"The image ended after {done} of {size} bytes", hint="Upload the whole file again.")
            if done >= DENSE_HEAD and not chunk.strip(b"\0"):
                stream.sendHole(len(chunk))
            else:
                _send_chunk(stream, chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, size)


def _send_chunk(stream: libvirt.virStream, chunk: bytes) -> None:
    sent = 0
    while sent < len(chunk):
        sent += stream.send(chunk[sent : sent + 256 * 1024])


def _sized(spec: VolumeSpec, size: int) -> VolumeSpec:
    """A raw volume is as long as its file; that of a qcow2 is overwritten by the file's own header."""
    capacity = spec.capacity if spec.format is VolumeFormat.QCOW2 else max(spec.capacity, size)
    return VolumeSpec(pool=spec.pool, name=spec.name, capacity=capacity, format=spec.format)

"""Directory pools and the volumes in them."""

from __future__ import annotations

import posixpath
import time

import libvirt

from console.virt.errors import Missing, Refused
from console.virt.libvirt_driver.connection import Connection, Driver, call
from console.virt.libvirt_driver.errors import already_exists, is_missing
from console.virt.port import PoolFacts, PoolSpec, VolumeFacts, VolumeFormat, VolumeSpec
from console.virt.xml import pool as pool_xml
from console.virt.xml import volume as volume_xml

REFRESH_SECONDS = 2.0
"""A refresh reads every file of the pool, so looking for a file that is not there must not cause one each time."""

UNFINISHED = ".unfinished"


def marker_of(name: str) -> str:
    """Return the name of the empty volume that stands beside `name` while it is being uploaded."""
    return f".{name}{UNFINISHED}"


class Storage(Driver):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._refreshed: dict[str, float] = {}

    @call("make storage pool {spec.name}", seconds=60)
    def pool_ensure(self, spec: PoolSpec) -> PoolFacts:
        pool = self._find_pool(spec.name)
        if pool is None:
            pool = self._raw.storagePoolDefineXML(pool_xml.build(spec))
            pool.build()
        path = pool_xml.target_path(pool.XMLDesc())
        if posixpath.normpath(path) != posixpath.normpath(spec.path):
            raise Refused(
                f"{self._connection.host} has a storage pool {spec.name} already, at {path} and not at {spec.path}",
                hint="Choose another pool name, or remove that pool from the host.",
            )
        if not pool.isActive():
            pool.create()
        pool.setAutostart(1)
        _refresh(pool)
        return _pool_facts(pool)

    @call("look up pool {name}", seconds=30)
    def pool_get(self, name: str) -> PoolFacts | None:
        pool = self._find_pool(name)
        if pool is None:
            return None
        _refresh(pool)
        return _pool_facts(pool)

    @call("remove pool {name}", seconds=60)
    def pool_delete(self, name: str) -> bool:
        pool = self._find_pool(name)
        if pool is None:
            return False
        if pool.isActive():
            _refresh(pool)
            if pool.numOfVolumes():
                raise Refused(f"Pool {name} on {self._connection.host} still holds files", hint="Remove them first.")
            pool.destroy()
        pool.delete()
        pool.undefine()
        return True

    @call("look up volume {name} in pool {pool}", seconds=15)
    def volume_get(self, pool: str, name: str) -> VolumeFacts | None:
        opened = self._pool(pool)
        volume = find_volume(opened, name)
        if volume is None or find_volume(opened, marker_of(name)) is not None:
            return None
        return facts_of(pool, volume)

    @call("list pool {pool}", seconds=30)
    def volume_list(self, pool: str) -> tuple[VolumeFacts, ...]:
        volumes = {volume.name(): volume for volume in self._pool(pool).listAllVolumes()}
        finished = (
            volume
            for name, volume in volumes.items()
            if marker_of(name) not in volumes and not (name.startswith(".") and name.endswith(UNFINISHED))
        )
        found = (_facts_unless_gone(pool, volume) for volume in finished)
        return tuple(facts for facts in found if facts is not None)

    @call("make volume {spec.name} in pool {spec.pool}", seconds=60)
    def volume_ensure(self, spec: VolumeSpec) -> VolumeFacts:
        pool = self._pool(spec.pool)
        backing = self._backing_path(pool, spec)
        volume = find_volume(pool, spec.name) or create_volume(pool, spec, backing)
        shape = volume_xml.parse_shape(volume.XMLDesc())
        if shape.backing_path != backing:
            raise Refused(
                f"Volume {spec.name} in pool {spec.pool} is there already, based on {shape.backing_path or 'nothing'} "
                f"and not on {backing or 'nothing'}"
            )
        return facts_of(spec.pool, volume)

    @call("read {name} in pool {pool}", seconds=30)
    def volume_read(self, pool: str, name: str, offset: int, limit: int) -> bytes:
        volume = self._find_file(pool, name)
        if volume is None:
            raise Missing(f"Pool {pool} on {self._connection.host} has no file {name}")
        # libvirt takes 0 for "to the end" and would then send a file of any size.
        return b"" if limit <= 0 else _download(self._raw, volume, offset, limit)

    @call("remove volume {name} from pool {pool}", seconds=60)
    def volume_delete(self, pool: str, name: str) -> bool:
        volume = self._find_file(pool, name)
        if volume is not None:
            delete_volume(volume)
        # The marker goes last: while it stands, nobody takes what is left for a whole volume.
        marker = find_volume(self._pool(pool), marker_of(name))
        if marker is not None:
            delete_volume(marker)
        return volume is not None

    # --- parts --------------------------------------------------------------------------------------------------------

    def _find_pool(self, name: str) -> libvirt.virStoragePool | None:
        try:
            return self._raw.storagePoolLookupByName(name)
        except libvirt.libvirtError as error:
            if is_missing(error):
                return None
            raise

    def _pool(self, name: str) -> libvirt.virStoragePool:
        """Return an active pool; Missing where there is none of that name."""
        pool = self._raw.storagePoolLookupByName(name)
        if not pool.isActive():
            pool.create()
        return pool

    def _find_file(self, pool_name: str, name: str) -> libvirt.virStorageVol | None:
        """Look a volume up, also one that somebody other than libvirt put there: QEMU's logs, a copied file."""
        pool = self._pool(pool_name)
        volume = find_volume(pool, name)
        if volume is None and time.monotonic() - self._refreshed.get(pool_name, -REFRESH_SECONDS) >= REFRESH_SECONDS:
            self._refreshed[pool_name] = time.monotonic()
            _refresh(pool)
            volume = find_volume(pool, name)
        return volume

    def _backing_path(self, pool: libvirt.virStoragePool, spec: VolumeSpec) -> str:
        if spec.backing is None:
            return ""
        backing = find_volume(pool, spec.backing)
        if backing is None or find_volume(pool, marker_of(spec.backing)) is not None:
            raise Missing(f"Pool {spec.pool} on {self._connection.host} has no finished volume {spec.backing}")
        return str(backing.path())


def _pool_facts(pool: libvirt.virStoragePool) -> PoolFacts:
    _state, capacity, allocation, available = pool.info()
    path = pool_xml.target_path(pool.XMLDesc())
    return PoolFacts(name=pool.name(), path=path, capacity=capacity, allocation=allocation, available=available)


def find_volume(pool: libvirt.virStoragePool, name: str) -> libvirt.virStorageVol | None:
    try:
        return pool.storageVolLookupByName(name)
    except libvirt.libvirtError as error:
        if is_missing(error):
            return None
        raise


def create_volume(pool: libvirt.virStoragePool, spec: VolumeSpec, backing_path: str = "") -> libvirt.virStorageVol:
    """Make the volume, or take the one that somebody else made in the same moment."""
    try:
        return pool.createXML(volume_xml.build(spec, backing_path=backing_path))
    except libvirt.libvirtError as error:
        if already_exists(error):
            return pool.storageVolLookupByName(spec.name)
        raise


def create_file(pool: libvirt.virStoragePool, pool_name: str, name: str) -> libvirt.virStorageVol:
    """Make an empty file under libvirt's eyes, so that it can be found later without a refresh."""
    spec = VolumeSpec(pool=pool_name, name=name, capacity=0, format=VolumeFormat.RAW)
    return find_volume(pool, name) or create_volume(pool, spec)


def delete_volume(volume: libvirt.virStorageVol) -> None:
    try:
        volume.delete()
    except libvirt.libvirtError as error:
        if not is_missing(error):
            raise


def facts_of(pool: str, volume: libvirt.virStorageVol) -> VolumeFacts:
    _kind, capacity, allocation = volume.info()
    return VolumeFacts(pool=pool, name=volume.name(), path=volume.path(), capacity=capacity, allocation=allocation)


def _facts_unless_gone(pool: str, volume: libvirt.virStorageVol) -> VolumeFacts | None:
    try:
        return facts_of(pool, volume)
    except libvirt.libvirtError as error:
        if is_missing(error):
            return None
        raise


def _refresh(pool: libvirt.virStoragePool) -> None:
    try:
        pool.refresh()
    except libvirt.libvirtError as error:
        # libvirt refuses while an upload or a copy runs in the pool; what it knows already must do then.
        if error.get_error_code() != libvirt.VIR_ERR_INTERNAL_ERROR:
            raise


def _download(raw: libvirt.virConnect, volume: libvirt.virStorageVol, offset: int, limit: int) -> bytes:
    stream = raw.newStream()
    volume.download(stream, offset, limit)
    parts = bytearray()
    try:
        while part := stream.recv(256 * 1024):
            parts += part
    except BaseException:
        stream.abort()
        raise
    stream.finish()
    return bytes(parts)

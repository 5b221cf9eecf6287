"""`<pool>`: https://libvirt.org/formatstorage.html."""

from __future__ import annotations

from console.virt.port import PoolSpec
from console.virt.xml.tree import add, parse, render, root, text_of


def build(spec: PoolSpec) -> str:
    pool = root("pool", type="dir")
    add(pool, "name", spec.name)
    target = add(pool, "target")
    add(target, "path", spec.path)
    # Disks hold other people's data: nobody but root looks into the directory (QEMU gets each file handed over).
    add(add(target, "permissions"), "mode", "0711")
    return render(pool)


def target_path(text: str) -> str:
    return text_of(parse(text), "target/path")

"""Run programs and write files, as the owner of the installation."""

from __future__ import annotations

import grp
import hashlib
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from deploy.local.config import Config
from deploy.local.report import Trouble


def _libvirt_groups() -> list[int]:
    found = []
    for name in ("libvirt", "kvm"):
        try:
            found.append(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return found


def run(
    config: Config,
    command: Sequence[str | Path],
    *,
    what: str,
    cure: str = "",
    as_root: bool = False,
    env: dict[str, str] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a program quietly in the checkout; on failure raise Trouble with the end of what it said."""
    who: dict[str, object] = {}
    environment = {**os.environ, **config.environment(), **(env or {})}
    if os.geteuid() == 0 and config.owner.uid != 0 and not as_root:
        who = {"user": config.owner.uid, "group": config.owner.gid, "extra_groups": _libvirt_groups()}
        environment |= {"HOME": config.owner.home, "USER": config.owner.name}
    result: subprocess.CompletedProcess[str] = subprocess.run(
        [str(part) for part in command],
        cwd=config.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        **who,  # type: ignore[call-overload]
    )
    if check and result.returncode:
        tail = "\n".join(result.stdout.strip().splitlines()[-25:])
        raise Trouble(f"{what} failed with status {result.returncode}:\n{tail}", cure)
    return result


def give(config: Config, path: Path) -> None:
    """Make the owner of the installation the owner of a path that root has just made."""
    if os.geteuid() == 0 and config.owner.uid != 0:
        os.chown(path, config.owner.uid, config.owner.gid)


def make_folder(config: Config, path: Path, mode: int = 0o755) -> None:
    """Make a folder and those above it inside the installation."""
    if path.is_dir():
        return
    if not path.parent.exists():
        make_folder(config, path.parent, mode)
    path.mkdir(mode=mode, exist_ok=True)
    path.chmod(mode)
    give(config, path)


def write_file(config: Config, path: Path, text: str, mode: int = 0o644) -> bool:
    """Write a file at once or not at all; return whether it changed."""
    try:
        if path.read_text() == text:
            return False
    except OSError:
        pass
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    give(config, part)
    part.replace(path)
    return True


def files_under(root: Path, names: Iterable[str], suffixes: tuple[str, ...] = ()) -> list[Path]:
    """List files below the named files and folders, sorted, without what machines wrote."""
    found: list[Path] = []
    for name in names:
        path = root / name
        if path.is_file():
            found.append(path)
        for folder, folders, files in os.walk(path):
            folders[:] = [one for one in folders if one not in ("__pycache__", "node_modules", "dist")]
            found += [Path(folder) / one for one in files if not suffixes or one.endswith(suffixes)]
    return sorted(found)


def digest(paths: Iterable[Path], *words: str) -> str:
    """Return a hash of the names and contents of files, and of some words."""
    total = hashlib.sha256()
    for word in words:
        total.update(word.encode() + b"\0")
    for path in paths:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # an editor's temporary file, gone meanwhile
            continue
        total.update(os.fsencode(path) + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


class Stamp:
    """Remember that a step was done for these inputs, so that it is not done again."""

    def __init__(self, config: Config, name: str, value: str, folder: Path | None = None) -> None:
        self.config = config
        self.path = (folder or config.stamps) / name
        self.value = value

    def current(self) -> bool:
        try:
            return self.path.read_text() == self.value
        except OSError:
            return False

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def set(self) -> None:
        make_folder(self.config, self.path.parent)
        write_file(self.config, self.path, self.value)

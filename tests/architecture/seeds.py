"""A copy of the code to sin in: each rule is shown to catch what it forbids."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("console", "compute", "storage", "networking", "monitoring")


def copy_of_the_code(folder: Path) -> Path:
    """The Python of all packages with the tools' settings, in a folder of its own."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "locale"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def python_files(root: Path = ROOT, packages: tuple[str, ...] = PACKAGES) -> list[Path]:
    """Every module of the packages but the migrations, which Django writes."""
    found = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]

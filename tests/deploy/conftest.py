"""A checkout of stand-ins: the machinery of `make up` without the product."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import project
from deploy.local.config import Config, load


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    (root / ".venv").symlink_to(sys.prefix)
    (root / "manage.py").write_text("import time\nwhile True:\n    time.sleep(1)\n")
    return root


@pytest.fixture
def config(checkout: Path) -> Iterator[Config]:
    # A unix socket's path is short; pytest's own folders are not.
    var = Path(tempfile.mkdtemp(prefix="vdup-"))
    one = load(checkout, {"VIRTDECK_VAR": str(var), "VIRTDECK_PORT": "18123"})
    project.folders(one)
    yield one
    shutil.rmtree(var)

"""What other users of the machine must not read: sessions, hashes and images of guests."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path


def test_the_database_and_the_images_are_the_owners_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    (var / "images").mkdir(mode=0o755)
    environment = {"PATH": os.environ["PATH"], "VIRTDECK_VAR": str(var)}
    script = (
        "import os; os.umask(0o022); import django; django.setup();"
        "from django.db import connection; connection.cursor().execute('create table t (x int)')"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "DJANGO_SETTINGS_MODULE": "console.settings"},
        check=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    for name in ("virtdeck.sqlite3", "secret.key", "images", "uploads"):
        assert stat.S_IMODE((var / name).stat().st_mode) & 0o077 == 0, name
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in var.glob("virtdeck.sqlite3*"))

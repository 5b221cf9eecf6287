"""The import contracts hold, and each of them catches the import that it is there for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.seeds import ROOT, copy_of_the_code

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# contract, module that sins, what it imports
SEEDS = [
    ("apps", "console/virt/errors.py", "console.core.errors"),
    ("apps", "console/core/ids.py", "console.identity.models.users"),
    ("apps", "console/identity/services/quotas.py", "console.operations.models.operations"),
    ("apps", "console/operations/leases.py", "console.fleet.models.hosts"),
    ("apps", "console/fleet/services/placement.py", "storage.models.images"),
    ("apps", "storage/services/disks.py", "networking.models.networks"),
    ("apps", "networking/services/networks.py", "storage.models.volumes"),
    ("apps", "storage/services/images.py", "compute.models.instances"),
    ("apps", "compute/services/status.py", "monitoring.observer.watcher"),
    ("apps", "monitoring/observer/supervisor.py", "console.live.consumer"),
    ("inside", "compute/states.py", "compute.models.instances"),
    ("inside", "storage/models/images.py", "storage.selectors"),
    ("inside", "networking/selectors.py", "networking.services.networks"),
    ("inside", "storage/services/images.py", "storage.operations"),
    ("inside", "console/operations/services/operations.py", "console.operations.tasks"),
    ("inside", "console/fleet/operations.py", "console.fleet.urls"),
    ("inside", "console/identity/services/tokens.py", "console.identity.api.kit"),
    ("inside", "compute/live.py", "compute.api.v1.urls"),
    ("libvirt", "compute/services/instances.py", "libvirt"),
    ("libvirt", "console/fleet/operations.py", "libvirt"),
    ("pure", "console/virt/port.py", "django.conf"),
    ("pure", "console/virt/fake.py", "celery"),
    ("pure", "console/virt/xml/tree.py", "rest_framework"),
    ("pure", "console/virt/connect.py", "redis"),
    ("pure", "console/virt/errors.py", "channels"),
    ("hosts", "console/core/views.py", "console.fleet.services.connections"),
    ("hosts", "compute/selectors.py", "console.virt.connect"),
    ("hosts", "compute/services/status.py", "console.fleet.services.connections"),
    ("wiring", "console/core/bus.py", "console.settings"),
    ("wiring", "compute/services/flavors.py", "console.celery"),
]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    only = [word for contract in contracts for word in ("--contract", contract)]
    return subprocess.run(
        [str(LINT_IMPORTS), "--no-cache", "--no-logo", *only],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_code(tmp_path_factory.mktemp("seeded"))


@pytest.mark.parametrize(("contract", "sinner", "imported"), SEEDS)
def test_a_contract_catches_its_sin(copy: Path, contract: str, sinner: str, imported: str) -> None:
    path = copy / sinner
    before = path.read_text()
    path.write_text(f"{before}\nimport {imported}\n")
    try:
        done = lint(copy, contract)
    finally:
        path.write_text(before)
    module = sinner.removesuffix(".py").replace("/", ".")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{module} -> {imported.split('.')[0]}" in done.stdout, done.stdout


def test_every_contract_is_tried() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {contract for contract, _sinner, _imported in SEEDS}

"""Where things are, and what is handed on."""

import os
from pathlib import Path

import pytest

from deploy.local import project
from deploy.local.config import SOCKET_PATH_BYTES, Config, load
from deploy.local.report import Trouble
from deploy.local.shell import Stamp, digest, files_under, write_file


def test_defaults_lie_in_the_checkout(tmp_path: Path) -> None:
    config = load(tmp_path, {})
    assert config.var == tmp_path / "var"
    assert config.url == "http://127.0.0.1:8000"
    assert config.redis_url.startswith("unix://")
    assert config.environment()["MALLOC_ARENA_MAX"] == "2"


def test_a_deep_folder_gets_short_sockets(tmp_path: Path) -> None:
    config = load(tmp_path, {"VIRTDECK_VAR": "/" + "deep/" * 30})
    assert len(os.fsencode(config.control_socket)) <= SOCKET_PATH_BYTES
    assert load(tmp_path, {"VIRTDECK_VAR": "/" + "deep/" * 30}).run == config.run
    assert load(tmp_path, {"VIRTDECK_VAR": "/" + "deep/" * 31}).run != config.run


@pytest.mark.parametrize("port", ["0", "65536", "80x", "-1", " 80"])
def test_a_wrong_port_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(Trouble, match="not a port"):
        load(tmp_path, {"VIRTDECK_PORT": port})


def test_the_address_is_remembered(config: Config) -> None:
    project.remember(config)
    assert load(config.root, {"VIRTDECK_VAR": str(config.var)}).port == 18123
    assert load(config.root, {"VIRTDECK_VAR": str(config.var), "VIRTDECK_PORT": "18124"}).port == 18124


@pytest.mark.parametrize(
    ("bind", "url", "health"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000", "http://127.0.0.1:8000/healthz"),  # noqa: S104 a word
        ("::1", "http://[::1]:8000", "http://[::1]:8000/healthz"),
        ("::", "http://127.0.0.1:8000", "http://[::1]:8000/healthz"),
        ("10.1.2.3", "http://10.1.2.3:8000", "http://10.1.2.3:8000/healthz"),
    ],
)
def test_addresses(tmp_path: Path, bind: str, url: str, health: str) -> None:
    config = load(tmp_path, {"VIRTDECK_BIND": bind})
    assert (config.url, config.health_url) == (url, health)


def test_settings_are_handed_on_and_credentials_are_not(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://x", "VIRTDECK_DEBUG": "1", "VIRTDECK_TOKEN": "t", "SHELL": "/bin/sh"}
    assert load(tmp_path, given).extra == {"DATABASE_URL": "postgres://x", "VIRTDECK_DEBUG": "1"}


def test_credentials_are_read_as_a_shell_reads_them(config: Config) -> None:
    config.credentials.write_text("# note\nexport VIRTDECK_ADMIN_PASSWORD='a b%'\nVIRTDECK_URL=http://x:1\nnonsense\n")
    assert project.read_credentials(config) == {"VIRTDECK_ADMIN_PASSWORD": "a b%", "VIRTDECK_URL": "http://x:1"}


def test_the_secret_key_is_made_once_and_private(config: Config) -> None:
    project.ensure_secret(config)
    path = config.var / "secret.key"
    first = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    project.ensure_secret(config)
    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_files_are_written_whole_with_their_mode(config: Config) -> None:
    path = config.var / "file"
    assert write_file(config, path, "one", 0o600)
    assert not write_file(config, path, "one", 0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(config.var.glob("*.part"))


def test_a_stamp_is_current_for_its_inputs_only(config: Config) -> None:
    Stamp(config, "x", "1").set()
    assert Stamp(config, "x", "1").current()
    assert not Stamp(config, "x", "2").current()
    Stamp(config, "x", "1").clear()
    assert not Stamp(config, "x", "1").current()


def test_the_digest_sees_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one.py").write_text("1")
    first = digest(files_under(tmp_path, ["a"]))
    (tmp_path / "a/__pycache__").mkdir()
    (tmp_path / "a/__pycache__/one.pyc").write_text("machine")
    assert digest(files_under(tmp_path, ["a"])) == first
    (tmp_path / "a/one.py").rename(tmp_path / "a/two.py")
    assert digest(files_under(tmp_path, ["a"])) != first

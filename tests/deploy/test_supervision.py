"""Processes come back, orphans are collected, nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import health, reaper, supervisor
from deploy.local.config import Config, load
from deploy.local.processes import APPS, Program, listener, supervised_by
from deploy.local.supervisor import Supervisor, render
from deploy.local.systemd import render as render_unit

ROOT = Path(__file__).resolve().parents[2]


def eventually(true: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.1)


@pytest.fixture
def keeper(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    show = "import os, time; print(os.environ.get('VIRTDECK_WORD'), flush=True); time.sleep(1000)"
    programs = [Program(name, (sys.executable, "-S", "-c", show)) for name in APPS]
    monkeypatch.setattr(supervisor, "app_programs", lambda _config: programs)
    monkeypatch.setattr(supervisor, "daemon_programs", lambda _config: [])
    one = Supervisor(config)
    yield one
    one.stop()
    assert reaper.strays(str(config.run)) == []


def pids(keeper: Supervisor) -> dict[str, int]:
    return {name: int(str(info["pid"])) for name, info in keeper._infos().items() if info["statename"] == "RUNNING"}


def test_what_dies_comes_back_and_down_leaves_nothing(keeper: Supervisor, config: Config) -> None:
    assert keeper.start_base() == "started"
    health.wait_for_redis(config)
    assert set(pids(keeper)) <= {"redis"}
    assert keeper.start_apps() == "started"
    health.wait_for_processes(config, keeper.states)
    first = pids(keeper)
    assert set(first) == {"redis", *APPS}
    assert config.control_socket.stat().st_mode & 0o077 == 0

    assert keeper.start_base() == "running"
    assert keeper.start_apps() == "already running"
    assert pids(keeper) == first

    os.kill(first["web"], signal.SIGKILL)
    eventually(lambda: pids(keeper).get("web", first["web"]) != first["web"])

    # The supervisor itself: what it left behind ends, and all is started again, Redis too.
    pid = int((config.run / "supervisord.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: set(pids(keeper)) == {"redis", *APPS} and pids(keeper)["redis"] != first["redis"])
    assert health.redis_answers(config)
    assert not any(Path(f"/proc/{old}").exists() for old in first.values())

    # One that has lost its socket is replaced.
    config.control_socket.unlink()
    assert "left-over" in keeper.start_base()
    keeper.start_apps()
    health.wait_for_processes(config, keeper.states)

    assert keeper.stop()
    assert not keeper.stop()
    assert keeper.states() == {"supervisord": (False, "is not running")}


def test_changed_settings_reach_the_processes_with_all_their_characters(keeper: Supervisor, config: Config) -> None:
    word = "a b%(x)s \"quoted\" 'single' \\ ; , é 虚"
    changed = load(config.root, {"VIRTDECK_VAR": str(config.var), "VIRTDECK_WORD": word})
    keeper.start_base()
    keeper.start_apps()
    health.wait_for_processes(config, keeper.states)
    first = pids(keeper)
    again = Supervisor(changed)
    assert again.start_apps() == "started"
    health.wait_for_processes(changed, again.states)
    assert pids(again)["web"] != first["web"]
    assert pids(again)["redis"] == first["redis"]
    eventually(lambda: word in (config.log / "web.log").read_text())


def test_one_that_cannot_start_is_told_with_its_log(config: Config) -> None:
    (config.log / "web.log").write_text("ImportError: no such thing\n")
    with pytest.raises(Exception, match=r"(?s)web does not stay up.*no such thing"):
        health.wait_for_processes(config, lambda: {"web": (False, "backoff")}, seconds=0.1)


def test_orphans_are_collected_at_once(tmp_path: Path) -> None:
    """A grandchild detaches as QEMU does; when it ends no zombie stays, though its supervisor still runs."""
    pid_file = tmp_path / "pid"
    script = f"(setsid sleep 0.3 & echo $! >{pid_file}); sleep 30"
    process = subprocess.Popen([sys.executable, reaper.__file__, str(tmp_path), "sh", "-c", script])
    try:
        eventually(lambda: pid_file.exists() and pid_file.read_text())
        orphan = int(pid_file.read_text())
        eventually(lambda: not Path(f"/proc/{orphan}").exists(), seconds=3)
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("mark", "program", "executable", "command", "stray"),
    [
        ("/run/x", "web", "/usr/bin/python3.11", "uvicorn", True),
        ("/run/x", "libvirtd", "/usr/sbin/libvirtd", "libvirtd", True),
        ("/run/x", "libvirtd", "/usr/sbin/dnsmasq", "dnsmasq", False),
        ("/run/x", "libvirtd", "/usr/bin/qemu-system-x86_64", "qemu", False),
        ("/run/other", "web", "/usr/bin/python3.11", "uvicorn", False),
        ("/run/x", "", "/usr/bin/python3.11", "python manage.py migrate", False),
        ("", "", "/usr/bin/redis-check-rdb", "redis-server unixsocket:/run/x/redis.sock", True),
        ("", "", "/usr/bin/redis-check-rdb", "redis-server unixsocket:/run/y/redis.sock", False),
        ("", "", "/usr/bin/python3.11", "python supervisord -n -c /run/x/supervisord.conf", True),
        ("", "", "/usr/bin/python3.11", "python reaper.py /run/x supervisord -c /run/x/supervisord.conf", False),
    ],
)
def test_guests_are_never_strays(mark: str, program: str, executable: str, command: str, stray: bool) -> None:
    environ = f"PATH=/bin\0VIRTDECK_SUPERVISED={mark}\0SUPERVISOR_PROCESS_NAME={program}\0".encode()
    assert reaper.is_stray(environ, command.encode(), executable, "/run/x") is stray


def test_a_socket_tells_who_listens(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "s"
    assert listener(path) is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert listener(path) == os.getpid()
    assert listener(path) is None
    assert supervised_by(os.getpid()) == ""


def test_the_configuration_names_every_program_once(config: Config) -> None:
    text = render(config, [Program("redis", ("/a b/uvicorn", "100%"))])
    assert "command='/a b/uvicorn' 100%%" in text
    assert text.count("[program:") == 1


@pytest.mark.parametrize("name", ["web", "worker", "beat", "observer", "redis"])
def test_units_are_made_out_to_the_checkout(config: Config, name: str) -> None:
    source = (ROOT / f"deploy/systemd/virtdeck-{name}.service").read_text()
    text = render_unit(config, source)
    assert "/opt/virtdeck" not in text
    assert "/var/lib/virtdeck" not in text
    assert f"User={config.owner.name}\n" in text
    assert text.count("ExecStart=") == 1
    assert "\\\n" not in text
    assert f"PartOf={config.name}.target" in text
    if name == "web":
        assert f"--port {config.port}" in text


def test_units_and_make_up_start_the_same_commands(config: Config) -> None:
    """The units for a real installation must not lag behind: the same words, but for folders and port."""
    from deploy.local.processes import app_programs

    for program in app_programs(config):
        source = (ROOT / f"deploy/systemd/virtdeck-{program.name}.service").read_text()
        line = source.replace("\\\n", " ").split("ExecStart=")[1].splitlines()[0]
        unit = [Path(word).name for word in line.split()]
        ours = [Path(word).name.replace("18123", "8000") for word in program.command]
        assert sorted(unit) == sorted(ours)

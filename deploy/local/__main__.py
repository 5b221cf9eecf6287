"""`python3 -m deploy.local up|down|status|logs|purge|packages|test-setup`."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local import daemons, health, packages, project
from deploy.local.config import Config, has_systemd, load
from deploy.local.processes import APPS, code_digest
from deploy.local.report import Trouble, say, step, tell
from deploy.local.shell import Stamp
from deploy.local.supervisor import Supervisor
from deploy.local.systemd import UNITS, Systemd


def supervision(config: Config) -> Supervisor | Systemd:
    """Return what keeps the processes alive: systemd where it runs and root asks, supervisord else."""
    if has_systemd() and (os.geteuid() == 0 or list(UNITS.glob(f"{config.name}*"))):
        return Systemd(config)
    return Supervisor(config)


@contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Keep two calls from working on one installation at the same time."""
    with (config.var / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another make is at work on this installation; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def up(config: Config) -> None:
    """Bring everything up, and say where it is."""
    begun = time.monotonic()
    say(f"Virtdeck in {config.root}, state in {config.var}")
    packages.ensure(config)
    project.folders(config)
    with only_one(config):
        health.refuse_taken_port(config)
        project.ensure_venv(config)
        project.ensure_front_end(config)
        project.ensure_messages(config)
        project.ensure_secret(config)
        project.remember(config)
        keeper = supervision(config)
        code = Stamp(config, "code", code_digest(config))
        fresh = code.current()
        with step(f"Daemons ({keeper.kind})") as one:
            one.result = keeper.start_base()
        if daemons.open_kvm_to_its_group():
            say("  /dev/kvm               given to the group kvm, as udev would")
        with step("libvirt") as one:
            if has_systemd():
                daemons.start_by_systemd(config)
            one.result = daemons.wait_until_answering(config)
        daemons.ensure_network(config)
        if config.own_redis:
            with step("Redis") as one:
                one.result = health.wait_for_redis(config)
        if not fresh:
            code.clear()
        if not fresh and any(keeper.states().get(name, (False, ""))[0] for name in APPS):
            with step("Old processes") as one:
                keeper.stop_apps()
                one.result = "stopped: the code or the settings have changed"
        project.ensure_database(config)
        project.ensure_static(config)
        project.ensure_tiny_image(config)
        project.bootstrap(config)
        with step(", ".join(APPS)) as one:
            one.result = keeper.start_apps()
            health.wait_for_processes(config, keeper.states)
        with step("Health") as one:
            one.result = health.wait(config)
        code.set()
    farewell(config, time.monotonic() - begun)


def farewell(config: Config, seconds: float) -> None:
    """Print the address and both logins."""
    known = project.read_credentials(config)
    say(f"\nVirtdeck is up after {seconds:.1f} s:  {config.url}\n")
    for who, prefix in (("administrator", "ADMIN"), ("member of demo", "MEMBER")):
        login, password = known.get(f"VIRTDECK_{prefix}_LOGIN"), known.get(f"VIRTDECK_{prefix}_PASSWORD")
        if login:
            say(f"  {who:<16} {login} / {password or '(password as you set it)'}")
    say(f"\n  For REST: source {os.path.relpath(config.credentials)}")  # as a person would type it
    say("  make status   make logs   make down\n")


def down(config: Config) -> None:
    """Stop what `up` started; guests keep running."""
    if not config.var.is_dir():
        say("Nothing is set up here.")
        return
    with only_one(config), step("Processes") as one:
        one.result = "stopped" if supervision(config).stop() else "were not running"
    guests = health.running_guests()
    if guests:
        say(f"  Guests that still run on this machine: {guests}. They go on; `make up` finds them again.")


def logs(config: Config) -> None:
    """Follow all logs until interrupted."""
    if isinstance(supervision(config), Systemd):
        command = ["journalctl", "-n", "50", "-f", "-u", f"{config.name}-*"]
    else:
        files = sorted(str(path) for path in config.log.glob("*.log"))
        if not files:
            raise Trouble("There are no logs yet.", "make up")
        command = ["tail", "-n", "20", "-F", *files]
    try:
        subprocess.run(command, check=False)
    except KeyboardInterrupt:
        say()


def purge(config: Config) -> None:
    """Remove this installation: its guests and disks, its state, its units."""
    if not config.var.is_dir():
        say("Nothing is set up here.")
        return
    if not config.stamps.is_dir():
        raise Trouble(f"{config.var} does not look like the state of an installation.", "Check VIRTDECK_VAR.")
    say(f"This ends and deletes every guest of this installation with its disks, and removes {config.var}.")
    if os.environ.get("FORCE") != "1":
        if not sys.stdin.isatty():
            raise Trouble("There is nobody to ask.", "FORCE=1 make purge")
        if input("Type yes to go on: ").strip() != "yes":
            say("Nothing was removed.")
            return
    keeper = supervision(config)
    with only_one(config):
        with step("Guests and disks") as one:
            if config.python.exists() and (config.var / "secret.key").exists():
                keeper.start_base()
                keeper.stop_apps()
                project.manage(
                    config,
                    "purge",
                    what="removing guests and disks",
                    cure="Bring libvirt back (make up) and run this again, or remove them with virsh, then var/.",
                )
                one.result = "removed"
        with step("Processes") as one:
            one.result = "stopped" if keeper.stop() else "were not running"
        if isinstance(keeper, Systemd):
            keeper.remove()
    with step("State") as one:
        shutil.rmtree(config.var)
        if config.run.is_dir():
            shutil.rmtree(config.run)
        one.result = f"removed {config.var}"
    say("  Packages of the distribution, .venv and node_modules stay: see docs/operations.md.")


def test_setup(config: Config) -> None:
    """Install everything that the tests need; start nothing."""
    packages.ensure(config, for_tests=True)
    project.folders(config)
    with only_one(config):
        project.ensure_venv(config, for_tests=True)
        project.ensure_front_end(config)
        project.ensure_messages(config)


def developer_venv(config: Config) -> None:
    """Install what linters and benchmarks need."""
    project.folders(config)
    with only_one(config):
        project.ensure_venv(config, for_tests=True)
        project.ensure_front_end(config)


def status(config: Config) -> None:
    """Tell how everything is; end with status 1 if something is down."""
    if not health.report(config, supervision(config).states() if config.var.is_dir() else {}):
        sys.exit(1)


COMMANDS = {
    "up": up,
    "down": down,
    "status": status,
    "logs": logs,
    "purge": purge,
    "packages": packages.ensure,
    "test-setup": test_setup,
    "developer": developer_venv,
}


def main() -> int:
    """Do what the command line says."""
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print("usage: python3 -m deploy.local " + "|".join(COMMANDS), file=sys.stderr)
        return 2
    os.umask(0o022)
    try:
        COMMANDS[sys.argv[1]](load())
    except Trouble as trouble:
        tell(trouble)
        return 1
    except BrokenPipeError:  # make status | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted; run it again at any time.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

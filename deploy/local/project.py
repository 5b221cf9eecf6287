"""The project's own parts: virtual environment, npm packages, built files, database, tiny image, first accounts."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import sys
from pathlib import Path

from deploy.local import packages
from deploy.local.config import Config
from deploy.local.report import Trouble, step
from deploy.local.shell import Stamp, digest, files_under, give, make_folder, run, write_file

APPS = ("console", "compute", "storage", "networking", "monitoring")
FRONT_END = ("static/src", "static/build.mjs", "package.json", "package-lock.json", "templates")


def folders(config: Config) -> None:
    """Make the folders of state: sockets and logs are for the owner only, images are reached by QEMU."""
    make_folder(config, config.var)
    for path, mode in ((config.run, 0o700), (config.log, 0o750), (config.cache, 0o755), (config.stamps, 0o755)):
        make_folder(config, path, mode)
    if config.run.stat().st_uid not in (config.owner.uid, 0):
        raise Trouble(f"{config.run} belongs to somebody else.", "Remove it, or set VIRTDECK_VAR to a folder of yours.")


def remember(config: Config) -> None:
    """Keep the address for later calls."""
    write_file(config, config.var / "port", f"{config.port}\n")
    write_file(config, config.var / "bind", f"{config.bind}\n")


def ensure_venv(config: Config, *, for_tests: bool = False) -> None:
    """Make the virtual environment and install the pinned requirements."""
    name = "requirements-dev.txt" if for_tests else "requirements.txt"
    with step("Python packages") as one:
        version = ".".join(map(str, sys.version_info[:2]))
        works = (
            config.python.exists()
            and run(config, [config.python, "-c", ""], what="python", check=False).returncode == 0
        )
        files = [config.root / "requirements.txt", config.root / name]
        value = digest(files, str(config.venv))
        # Inside what it speaks of: whoever removes the folder removes the memory of it.
        stamp = Stamp(config, f"virtdeck-{'dev' if for_tests else 'run'}", value, config.venv)
        if works and stamp.current():
            one.result = "up to date"
            return
        if not works:
            if config.venv.exists():
                shutil.rmtree(config.venv)
            run(
                config,
                [sys.executable, "-m", "venv", config.venv],
                what="making the virtual environment",
                cure=f"The package python{version}-venv (or python3-venv) brings what is needed.",
            )
        run(
            config,
            [config.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", config.root / name],
            what="installing Python packages",
            cure="A working package index is needed; proxies are taken from HTTPS_PROXY.",
            env={"PIP_NO_INPUT": "1"},
        )
        stamp.set()
        one.result = "installed"


def ensure_front_end(config: Config) -> None:
    """Install npm packages and build static/dist."""
    lock = config.root / "package-lock.json"
    if not lock.exists():
        return
    with step("npm packages") as one:
        modules = config.root / "node_modules"
        stamp = Stamp(config, ".virtdeck", digest([lock], str(config.root)), modules)
        if stamp.current() and modules.is_dir():
            one.result = "up to date"
        else:
            stamp.clear()
            run(
                config,
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                what="npm ci",
                cure="Node 18 or newer and a working npm registry are needed.",
                env={"npm_config_update_notifier": "false"},
            )
            stamp.set()
            one.result = "installed"
    with step("Front end") as one:
        sources = files_under(config.root, FRONT_END) + files_under(config.root, APPS, (".py", ".html"))
        sources = [path for path in sources if "/migrations/" not in str(path) and "/locale/" not in str(path)]
        stamp = Stamp(config, "front-end", digest(sources))
        if stamp.current() and (config.root / "static/dist").is_dir():
            one.result = "up to date"
            return
        stamp.clear()
        run(config, ["npm", "run", "--silent", "build"], what="npm run build")
        stamp.set()
        one.result = "built"


def ensure_messages(config: Config) -> None:
    """Compile translations that are newer than what was compiled."""
    with step("Translations") as one:
        count = 0
        for source in files_under(config.root, [*APPS, "templates", "locale"], (".po",)):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                continue
            part = target.with_suffix(".part")
            run(
                config,
                ["msgfmt", "--check-format", "-o", part, source],
                what=f"compiling {source.relative_to(config.root)}",
            )
            part.replace(target)
            count += 1
        one.result = f"compiled {count}" if count else "up to date"


def ensure_secret(config: Config) -> None:
    """Make the secret key once; whoever has it can forge sessions, so only the owner reads it."""
    path = config.var / "secret.key"
    if not path.exists() or not path.read_text().strip():
        write_file(config, path, secrets.token_urlsafe(48) + "\n", 0o600)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def manage(config: Config, *arguments: str | Path, what: str, cure: str = "") -> str:
    """Run one of Django's or our own management commands."""
    return run(config, [config.python, "manage.py", *arguments], what=what, cure=cure).stdout


def ensure_database(config: Config) -> None:
    """Bring the database to the present schema."""
    with step("Database") as one:
        told = manage(config, "migrate", "--no-input", "-v", "1", what="migrating the database")
        count = sum(line.rstrip().endswith("... OK") for line in told.splitlines())
        one.result = f"{count} migrations applied" if count else "up to date"


def ensure_static(config: Config) -> None:
    """Collect the files that browsers load."""
    with step("Static files") as one:
        names = ["static/dist", "requirements.txt", "console/settings.py", "console/core/static.py"]
        stamp = Stamp(config, "static", digest(files_under(config.root, names)))
        if stamp.current() and (config.var / "static").is_dir():
            one.result = "up to date"
            return
        manage(config, "collectstatic", "--no-input", "--clear", "-v", "0", what="collecting static files")
        stamp.set()
        one.result = "collected"


def ensure_tiny_image(config: Config) -> None:
    """Build the tiny guest image; it is built again when its sources change."""
    with step("Tiny guest image") as one:
        sources = files_under(config.root, ["deploy/tiny-image"])
        stamp = Stamp(config, "tiny-image", digest(sources))
        if config.tiny_image.exists() and stamp.current():
            one.result = "up to date"
            return
        stamp.clear()
        if os.geteuid() == 0:
            packages.ensure_indexes(config)
        script = config.root / "deploy/tiny-image/build.sh"
        told = run(
            config,
            ["bash", script, config.tiny_image, "--cache", config.cache / "tiny-image-packages"],
            what="building the tiny guest image",
        )
        give(config, config.tiny_image)
        stamp.set()
        kernel = next((line.split("kernel ", 1)[1] for line in told.stdout.splitlines() if ": kernel " in line), "")
        one.result = f"built, {config.tiny_image.stat().st_size >> 20} MiB, kernel {kernel}"


def bootstrap(config: Config) -> None:
    """Enrol this host, create flavors, the accounts, the project and the tokens: what is there already stays."""
    with step("First accounts, host") as one:
        told = manage(
            config,
            "bootstrap",
            "--tiny-image",
            config.tiny_image,
            "--host-uri",
            "qemu:///system",
            "--credentials",
            config.credentials,
            "--url",
            config.url,
            what="setting up the first accounts and the host",
        )
        lines = [line.strip() for line in told.splitlines() if line.strip()]
        one.result = f"{len(lines)} things looked at"
    for line in lines[-12:]:
        print(f"      {line}", flush=True)


def read_credentials(config: Config) -> dict[str, str]:
    """Return the variables of credentials.env."""
    found: dict[str, str] = {}
    try:
        text = config.credentials.read_text()
    except OSError:
        return found
    for line in text.splitlines():
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and name.isidentifier():
            found[name] = "".join(shlex.split(value)[:1])
    return found

"""The whole product on a host of its own: the very processes that `make up` starts, gone afterwards.

    with Stack() as stack:
        stack.api.get("/api/v1/instances")

State lives in a folder under /tmp; the machine's own libvirt, Redis and installation are never touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.local.config import Config, load
from deploy.local.processes import APPS, Program, app_programs, redis_program
from tests.hosts import OwnLibvirt, tiny_image

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Stack:
    """One installation. `host` may be a host that is open already; it is left open then."""

    def __init__(self, host: OwnLibvirt | None = None, **environment: str) -> None:
        # Short: the paths of unix sockets must stay under 108 bytes.
        self.var = Path(tempfile.mkdtemp(prefix="vds-", dir="/tmp"))
        self.host = host or OwnLibvirt()
        self._own_host = host is None
        self.port = _free_port()
        self.config: Config = load(ROOT, self._outer(environment))
        self.url = self.config.url
        self.credentials: dict[str, str] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._programs: dict[str, Program] = {}
        self._clients: list[httpx.Client] = []

    def _outer(self, environment: dict[str, str]) -> dict[str, str]:
        kept = {"PATH": os.environ.get("PATH", "")}
        return {**kept, "VIRTDECK_VAR": str(self.var), "VIRTDECK_PORT": str(self.port), **environment}

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Make the installation and start it; return when it is healthy and the host is shown as up."""
        for folder in (self.config.run, self.config.log):
            folder.mkdir(parents=True)
        self._programs = {program.name: program for program in app_programs(self.config)}
        self._programs["redis"] = redis_program(self.config)
        if self._own_host:
            self.host.open()
        build_front_end()
        self.start("redis")
        self.manage("migrate", "--no-input", "-v", "0")
        self.manage("collectstatic", "--no-input", "-v", "0")
        credentials = str(self.config.credentials)
        host = ("--host-uri", self.host.uri, "--host-name", self.host.name, "--pool-path", self.host.pool_path)
        image = ("--tiny-image", str(tiny_image()))
        self.manage("bootstrap", "--credentials", credentials, "--url", self.url, *host, *image)
        self.credentials = _read_exports(self.config.credentials)
        for name in APPS:
            self.start(name)
        self.wait_healthy()

    def close(self) -> None:
        """End all that was started here, whatever state it is in, and remove the files."""
        for client in self._clients:
            client.close()
        for name in (*APPS, "redis"):
            self.stop(name)
        if self._own_host:
            self.host.close()
        shutil.rmtree(self.var, ignore_errors=True)

    # --- processes ----------------------------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start web, worker, beat, observer or redis, unless it runs."""
        if self.pid(name) is not None:
            return
        log = (self.config.log / f"{name}.log").open("ab")
        self._running[name] = subprocess.Popen(
            self._programs[name].command,
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_the_tests,
        )
        log.close()
        if name == "redis":
            self.until(self._redis_answers, within=10)

    def pid(self, name: str) -> int | None:
        """The process id; None for one that does not run."""
        process = self._running.get(name)
        return None if process is None or process.poll() is not None else process.pid

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        """Send a signal; one that ends processes is waited for."""
        process = self._running[name]
        process.send_signal(how)
        if how in (signal.SIGKILL, signal.SIGTERM):
            process.wait(timeout=30)

    def stop(self, name: str) -> None:
        """End a process in order, and at once if it does not listen."""
        process = self._running.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def redis_stop(self) -> None:
        self.kill("redis", signal.SIGTERM)

    def redis_start(self) -> None:
        self.start("redis")

    def environment(self) -> dict[str, str]:
        """What every process of the installation is given."""
        return self.config.environment()

    def manage(self, *words: str, code: str | None = None, timeout: float = 300) -> str:
        """Run manage.py and answer what it printed; RuntimeError with its complaint if it failed."""
        done = subprocess.run(
            [str(self.config.python), "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            input=code,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(words[:2])}: {done.stderr[-4000:]}\n{self.host.log()}")
        return done.stdout

    def shell(self, code: str, timeout: float = 300) -> str:
        """Run Python inside Django, in a process of its own, and answer what it printed."""
        program = f"import django; django.setup()\n{code}"
        done = subprocess.run(
            [str(self.config.python), "-c", program],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        return done.stdout

    def logs(self, *names: str, most: int = 4000) -> str:
        """The ends of the logs, for a failed test's report."""
        parts = []
        for name in names or (*APPS, "redis"):
            path = self.config.log / f"{name}.log"
            if path.exists():
                parts.append(f"--- {name}\n{path.read_text(errors='replace')[-most:]}")
        return "\n".join(parts)

    # --- speaking with it ---------------------------------------------------------------------------------------------

    def client(self, token: str = "", **options: Any) -> httpx.Client:
        """An HTTP client of this installation; with a token, one of its automation."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False, **options)
        self._clients.append(client)
        return client

    @property
    def api(self) -> httpx.Client:
        """REST with the admin's token, bound to the demo project. One client per stack: it keeps its connection."""
        if not hasattr(self, "_api"):
            self._api = self.client(self.credentials["VIRTDECK_TOKEN"])
        return self._api

    def signed_in(self, who: str = "MEMBER") -> httpx.Client:
        """A browser's session of the member (or ADMIN), without a browser."""
        client = self.client(follow_redirects=True)
        page = client.get("/accounts/login/")
        token = _CSRF.search(page.text)
        assert token is not None, page.text[:2000]
        answer = client.post(
            "/accounts/login/",
            data={
                "csrfmiddlewaretoken": token.group(1),
                "login": self.credentials[f"VIRTDECK_{who}_LOGIN"],
                "password": self.credentials[f"VIRTDECK_{who}_PASSWORD"],
            },
            headers={"Referer": f"{self.url}/accounts/login/", "Origin": self.url},
        )
        assert answer.status_code == 200 and "virtdeck_session" in client.cookies, answer.text[:2000]
        return client

    def until(self, condition: Callable[[], Any], *, within: float = 60.0, every: float = 0.05) -> Any:
        """The first true answer of `condition`; fails with the logs when none comes in time."""
        deadline = time.monotonic() + within
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not happen within {within:g} s\n{self.logs()}")
            time.sleep(every)
        return answer

    def wait_healthy(self, within: float = READY_SECONDS) -> None:
        """Wait until web is healthy and worker and beat are at work."""
        client = self.client()
        self.until(lambda: _status(client, "/healthz") == 200, within=within)

    def _redis_answers(self) -> bool:
        command = ["redis-cli", "-s", str(self.config.redis_socket), "ping"]
        return subprocess.run(command, check=False, capture_output=True).stdout.strip() == b"PONG"

    # --- the main job -------------------------------------------------------------------------------------------------

    def ids(self, collection: str) -> dict[str, str]:
        """Names to ids of a collection of the API."""
        answer = self.api.get(f"/api/v1/{collection}")
        answer.raise_for_status()
        return {row["name"]: row["id"] for row in answer.json()["results"]}

    def create_request(self, name: str, **more: Any) -> dict[str, Any]:
        """The body of a POST that makes a tiny instance."""
        if not hasattr(self, "_tiny"):
            self._tiny = (self.ids("images")["tiny"], self.ids("flavors")["tiny"])
        image, flavor = self._tiny
        return {"name": name, "image": image, "flavor": flavor, **more}

    def begin(self, name: str, **more: Any) -> dict[str, Any]:
        """Ask for an instance and answer the operation as accepted."""
        return self.accepted(self.api.post("/api/v1/instances", json=self.create_request(name, **more)))

    def accepted(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 202, f"{answer.status_code} {answer.text[:2000]}"
        operation: dict[str, Any] = answer.json()
        return operation

    def finished(self, operation: dict[str, Any] | str, *, within: float = 90.0) -> dict[str, Any]:
        """The operation once it has ended, however it ended."""
        operation_id = operation if isinstance(operation, str) else operation["id"]

        def ended() -> dict[str, Any] | None:
            row: dict[str, Any] = self.api.get(f"/api/v1/operations/{operation_id}").json()
            return row if row.get("state") in ("succeeded", "failed", "cancelled") else None

        row: dict[str, Any] = self.until(ended, within=within)
        return row

    def succeeded(self, operation: dict[str, Any] | str, *, within: float = 90.0) -> dict[str, Any]:
        row = self.finished(operation, within=within)
        assert row["state"] == "succeeded", f"{row}\n{self.logs()}"
        return row

    def create(self, name: str, **more: Any) -> str:
        """Make an instance, wait until it runs, and answer its id."""
        operation = self.begin(name, **more)
        self.succeeded(operation)
        instance_id: str = operation["target"]["id"]
        return instance_id

    def instance(self, instance_id: str) -> dict[str, Any]:
        answer = self.api.get(f"/api/v1/instances/{instance_id}")
        answer.raise_for_status()
        row: dict[str, Any] = answer.json()
        return row

    def shows(self, instance_id: str, status: str, *, within: float = 60.0) -> None:
        """Wait until an instance is shown with a status."""
        self.until(lambda: self.instance(instance_id)["status"] == status, within=within)

    def act(self, instance_id: str, verb: str, **body: Any) -> dict[str, Any]:
        """Tell an instance to start, stop or reboot, and answer the operation as accepted."""
        return self.accepted(self.api.post(f"/api/v1/instances/{instance_id}/{verb}", json=body))

    def delete(self, instance_id: str, *, within: float = 90.0) -> None:
        """Delete an instance and wait until it is gone."""
        answer = self.api.delete(f"/api/v1/instances/{instance_id}")
        assert answer.status_code in (202, 404), answer.text[:2000]
        gone = f"/api/v1/instances/{instance_id}"
        self.until(lambda: self.api.get(gone).status_code == 404, within=within)

    def console_log(self, instance_id: str) -> str:
        answer = self.api.get(f"/api/v1/instances/{instance_id}/console-log")
        answer.raise_for_status()
        return str(answer.json()["output"])


def _end_with_the_tests() -> None:
    """Let a process be told to end when the tests themselves are killed: nobody else would tell it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def own_stack() -> Iterator[Stack]:
    """Yield a stack: the body of a pytest fixture, `stack = pytest.fixture(scope="session")(own_stack)`."""
    with Stack() as stack:
        yield stack


def build_front_end() -> None:
    """Make static/dist if nobody has built it yet."""
    if not (ROOT / "static/dist/app.js").exists():
        subprocess.run(["npm", "run", "--silent", "build"], cwd=ROOT, check=True, timeout=300)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _read_exports(path: Path) -> dict[str, str]:
    found = {}
    for line in path.read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        found[name] = "".join(shlex.split(value))
    return found


def _status(client: httpx.Client, path: str) -> int:
    with contextlib.suppress(httpx.HTTPError):
        return client.get(path).status_code
    return 0


if __name__ == "__main__":
    with Stack() as running:
        print(running.url, running.credentials, running.var, sep="\n", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.read()

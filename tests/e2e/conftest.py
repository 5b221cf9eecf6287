"""The running product and a browser, shared by the tests of this folder and gone before other tests begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsing import CHROMIUM, FLAGS, Visitor
from tests.stack import ROOT, Stack, own_stack

# Per package: Playwright's loop stays current in this thread, and Django refuses to work beside a running loop.
stack = pytest.fixture(scope="package")(own_stack)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a host of its own."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.host)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sessions(stack: Stack) -> dict[str, str]:
    """The cookie of each who has logged in: logging in once is enough, it is slow on purpose."""
    return {}


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, stack: Stack, chromium: Browser, sessions: dict[str, str]
) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a browser of his own; whatever their pages complain of fails the test."""
    visitors: list[Visitor] = []

    def make(who: str = "MEMBER", **options: object) -> Visitor:
        if who and who not in sessions:
            sessions[who] = stack.signed_in(who).cookies["virtdeck_session"]
        visitor = Visitor(stack, chromium, who, sessions.get(who, ""), **options)
        visitors.append(visitor)
        return visitor

    yield make
    failed = getattr(request.node, "failed_call", False)
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    if failed or complaints:
        _report(request.node.name, visitors, stack)
    for visitor in visitors:
        visitor.context.close()
    assert failed or not complaints, "\n".join(complaints)


@pytest.fixture
def page(visit: Callable[..., Visitor]) -> Page:
    """The member's page."""
    return visit("MEMBER").page


@pytest.fixture
def staff(visit: Callable[..., Visitor]) -> Page:
    """The administrator's page."""
    return visit("ADMIN").page


@pytest.fixture
def swept(stack: Stack) -> Iterator[Stack]:
    """The stack; instances that the test has made are deleted, and not waited for."""
    before = set(_instances(stack))
    yield stack
    for instance_id in set(_instances(stack)) - before:
        stack.api.delete(f"/api/v1/instances/{instance_id}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call":
        item.failed_call = report.failed  # type: ignore[attr-defined]


def _instances(stack: Stack) -> list[str]:
    return [row["id"] for row in stack.api.get("/api/v1/instances").json()["results"]]


def _report(name: str, visitors: list[Visitor], stack: Stack) -> None:
    folder = ROOT / "var/e2e"
    folder.mkdir(parents=True, exist_ok=True)
    for number, visitor in enumerate(visitors):
        for page in visitor.context.pages:
            picture = folder / f"{name.replace('/', '_')[:80]}-{number}.png"
            page.screenshot(path=picture)
            print(f"{visitor.who or 'nobody'} at {page.url}: {picture}")
        print("\n".join(visitor.messages[-30:]))
    print(stack.logs("web", "worker", most=1500))

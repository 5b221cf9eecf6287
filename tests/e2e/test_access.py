"""Every page, by every measure that a machine can take of it: axe in light and dark, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.architecture.routes import routes
from tests.e2e.browsing import DESKTOP, PHONE, Visitor
from tests.e2e.furnishing import furnish
from tests.stack import Stack

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
WAYS = [(theme, size) for theme in ("light", "dark") for size in (DESKTOP, PHONE)]
FEW = (WAYS[0], WAYS[3])
_BLANK = re.compile(r"<(?:uuid|slug|str):(\w+)>")

# Pages that are there without a blank in their address that a resolver could tell.
MORE = (
    "/p/demo/instances/?q=nothing-like-this",
    "/p/research/",
    "/p/research/instances/",
    "/p/research/images/",
    "/p/demo/instances/{stopped_id}/",
    "/p/demo/instances/{stopped_id}/console/",
    "/p/demo/instances/{instance_id}/console/?type=vnc",
    "/no/such/page/",
)


# axe-playwright-python hands its 600 KB in again for each look and carries all results back; once a page will do.
_LOOK = """rules => axe.run(document, rules).then(({ violations }) => violations.map(({ id, nodes }) => ({
    id, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => ({ html, failureSummary })),
})))"""

# The frames after a change of theme still hold colours of both.
_SHOW = """theme => new Promise((done) => {
    document.documentElement.dataset.bsTheme = theme;
    setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 50);
})"""


def addresses() -> list[str]:
    """The address of every page, with names for the blanks."""
    found = {
        _BLANK.sub(r"{\1}", "/" + route.pattern)
        for route in routes()
        if not route.pattern.startswith(("^", "api/", "healthz")) and "<slug:verb>" not in route.pattern
    }
    return sorted(found)


@pytest.fixture(scope="package")
def furnished(stack: Stack) -> Iterator[dict[str, str]]:
    yield furnish(stack, guests=("web-1",))


@pytest.fixture(scope="package")
def pages(stack: Stack, furnished: dict[str, str]) -> list[str]:
    """What answers GET with a whole page of HTML. Other routes act, or answer fragments and JSON."""
    client = stack.signed_in("ADMIN")
    found = []
    for pattern in addresses():
        path = pattern.format_map(furnished)
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code != 404 and answer.status_code < 500, f"{path} answers {answer.status_code}"
        html = answer.headers.get("content-type", "").startswith("text/html")
        if answer.status_code == 200 and html and "<!doctype html>" in answer.text[:200].lower():
            found.append(path)
    assert len(found) >= 40, found
    return found


def _complaints(page: Page, ways: Sequence[tuple[str, ViewportSize]] = WAYS) -> list[str]:
    """What axe and the width of the page have to say."""
    found = []
    page.evaluate(Axe().axe_script)
    for theme, size in ways:
        page.set_viewport_size(size)
        page.evaluate(_SHOW, theme)
        where = f"{page.url} {theme} {size['width']}"
        found += [
            f"{where}: {violation['id']}: {node['html'][:160]}: {node['failureSummary'][:300]}"
            for violation in page.evaluate(_LOOK, RULES)
            for node in violation["nodes"]
        ]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            found.append(f"{where}: {width} px wide")
    headings = page.locator("h1:visible").count()
    if headings != 1:
        found.append(f"{page.url}: {headings} headings of the first level")
    return found


def test_every_page_is_accessible(visit: Callable[..., Visitor], pages: list[str], furnished: dict[str, str]) -> None:
    visitor = visit("ADMIN")
    visitor.tolerate("status of 404")
    found = []
    for path in [*pages, *(path.format_map(furnished) for path in MORE)]:
        visitor.page.goto(path)
        if "/console/" in path and visitor.page.locator("[data-console-state]").count():
            expect(visitor.page.locator("[data-console-state]")).to_have_attribute("data-state", "connected")
        found += _complaints(visitor.page)
    assert not found, "\n".join(found)


def test_what_opens_on_a_page_is_accessible(
    visit: Callable[..., Visitor], furnished: dict[str, str], stack: Stack
) -> None:
    visitor = visit("ADMIN")
    visitor.tolerate("status of 422")
    page = visitor.page
    found = []
    page.goto("/p/demo/instances/")
    page.get_by_role("button", name="Tasks").click()
    expect(page.locator("#task-drawer .task").first).to_be_visible()
    found += _complaints(page, FEW)
    page.keyboard.press("Escape")
    page.set_viewport_size(DESKTOP)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()
    found += _complaints(page, FEW)
    page.keyboard.press("Escape")
    page.locator("tbody [popovertarget]").first.click()
    page.get_by_role("button", name="Delete", exact=True).locator("visible=true").click()
    expect(page.locator("#confirm-dialog")).to_be_visible()
    found += _complaints(page, FEW)
    page.keyboard.press("Escape")
    page.set_viewport_size(DESKTOP)
    page.get_by_role("checkbox", name="Select all rows").check()
    expect(page.locator("[data-bulk]")).to_be_visible()
    found += _complaints(page, FEW)
    page.goto("/p/demo/instances/new/")
    page.get_by_role("textbox", name="Name", exact=True).fill("")
    page.get_by_role("button", name="Create instance").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    found += _complaints(page, FEW)
    assert not found, "\n".join(found)


def test_pages_for_those_who_are_not_signed_in_are_accessible(visit: Callable[..., Visitor]) -> None:
    visitor = visit("")
    visitor.page.goto("/accounts/login/")
    found = _complaints(visitor.page)
    assert not found, "\n".join(found)

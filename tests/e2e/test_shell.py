"""What every page has: palette, theme, language, menus; and what a page costs."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.e2e.browsing import PHONE, Visitor
from tests.stack import Stack

BUDGET = 150 * 1024


def test_the_palette_is_used_by_keyboard_alone(page: Page, swept: Stack) -> None:
    swept.begin("palette-target")
    page.goto("/p/demo/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("palette-t")
    expect(palette.get_by_role("option").first).to_contain_text("palette-target")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("palette-target")
    page.keyboard.press("Control+k")
    page.keyboard.type("key pa")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/key-pairs/$"))
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_the_palette_shows_the_member_nothing_of_the_fleet(page: Page) -> None:
    page.goto("/p/demo/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search")
    with page.expect_response(re.compile("palette.json")):
        page.keyboard.type("host1")
    expect(palette.get_by_role("option")).to_have_count(0)
    expect(palette).to_contain_text("Nothing found")


def test_another_language_and_back(page: Page) -> None:
    page.goto("/p/demo/instances/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Language").click()
    page.locator("#language-menu").get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page).to_have_url(re.compile("/p/demo/instances/$"))
    page.locator('[popovertarget="language-menu"]').click()
    page.locator("#language-menu").get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_theme_is_in_the_first_html(page: Page) -> None:
    page.goto("/p/demo/")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Dark").click()
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    answer = page.goto("/p/demo/instances/")
    assert answer is not None
    assert re.search(r'<html[^>]*data-bs-theme="dark"', answer.text()), "the theme comes late: the page would flash"
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [float(part) for part in re.findall(r"[\d.]+", background)[:3]]
    assert max(channels) < 80 or background.startswith("oklch(0."), background


def test_the_folded_sidebar_stays_folded(page: Page) -> None:
    page.goto("/p/demo/")
    page.get_by_role("button", name="Fold the sidebar").click()
    expect(page.locator("html")).to_have_attribute("data-sidebar", "folded")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-sidebar", "folded")
    assert page.locator("#sidebar").bounding_box()["width"] < 80  # type: ignore[index]


def test_navigation_on_a_phone(visit: Callable[..., Visitor]) -> None:
    page = visit("MEMBER", viewport=PHONE, has_touch=True).page
    page.goto("/p/demo/")
    page.get_by_role("button", name="Navigation").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Images").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Images")
    expect(page.locator("#sidebar")).not_to_be_in_viewport()


def test_the_skip_link_and_a_focus_that_is_seen(page: Page) -> None:
    page.goto("/p/demo/instances/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    for _step in range(12):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
                return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) || boxShadow !== 'none';
            }"""
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")[:300]
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("path", ["/accounts/login/", "/p/demo/", "/p/demo/instances/", "/p/demo/instances/new/"])
def test_a_page_costs_little_and_comes_from_one_place(visit: Callable[..., Visitor], path: str) -> None:
    # That nothing comes from elsewhere is checked for every page of every test.
    visitor = visit("" if "login" in path else "MEMBER")
    costs: dict[str, int] = {}

    def weigh(url: str, body: bytes) -> None:
        packed = url.split("?")[0].endswith((".woff2", ".png"))
        costs[url] = len(body) if packed else len(gzip.compress(body, 6))

    answers: list[Response] = []
    visitor.page.on("response", lambda answer: answers.append(answer))
    visitor.page.goto(path, wait_until="networkidle")
    for answer in answers:
        if answer.ok:
            weigh(answer.url, answer.body())
            assert (
                answer.header_value("content-encoding") in ("gzip", "br")
                or len(answer.body()) < 2000
                or (answer.url.endswith(".woff2") or "text/html" in (answer.header_value("content-type") or ""))
            ), f"{answer.url} comes uncompressed"
    assert sum(costs.values()) <= BUDGET, costs

"""The main job, as the member of a project does it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visitor, act, confirm, live, row, stayed, stays
from tests.stack import Stack


def test_logging_in_and_out(visit: Callable[..., Visitor], stack: Stack) -> None:
    page = visit("").page
    page.goto("/p/demo/instances/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    page.get_by_label("Login name").fill(stack.credentials["VIRTDECK_MEMBER_LOGIN"])
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    expect(page.get_by_label("Login name")).to_have_value(stack.credentials["VIRTDECK_MEMBER_LOGIN"])
    page.get_by_label("Password").fill(stack.credentials["VIRTDECK_MEMBER_PASSWORD"])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/p/demo/instances/$"))
    page.get_by_role("button", name="User demo").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    page.goto("/p/demo/instances/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_an_instance_from_the_form_to_its_end(page: Page, swept: Stack) -> None:
    name = f"story-{uuid.uuid4().hex[:6]}"
    page.goto("/p/demo/instances/")
    page.get_by_role("link", name="Create instance").first.click()
    page.get_by_role("radio", name=re.compile("^tiny disk|^tiny", re.I)).first.check()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    summary = page.get_by_role("complementary", name="Summary")
    expect(summary).to_contain_text(name)
    page.get_by_role("button", name="Create instance").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    stays(page)
    head = page.locator("#instance-head")
    expect(head.locator(".pill")).to_have_text("running")
    expect(head).to_contain_text(re.compile(r"\d+\.\d+\.\d+\.\d+"), timeout=60_000)  # its kernel has to boot
    assert stayed(page), "the page was loaded again"

    _talk_by_serial_console(page)
    _look_at_the_screen(page)
    page.locator(".tabs, nav").get_by_role("link", name="Console log").click()
    log = page.locator("#console-log")
    expect(log).to_contain_text("virtdeck")
    expect(log).to_contain_text(name)

    page.goto("/p/demo/instances/")
    live(stays(page))
    mine = row(page, name)
    act(mine, "Stop")
    confirm(page, name)
    expect(mine.locator(".pill")).to_have_text("stopped")
    act(mine, "Start")
    expect(mine.locator(".pill")).to_have_text("running")
    act(mine, "Delete")
    confirm(page, name, typed=name)
    expect(page.locator("tr.is-gone").filter(has_text=name)).to_be_visible()
    assert stayed(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Instances")
    expect(row(page, name)).to_have_count(0)


def _talk_by_serial_console(page: Page) -> None:
    page.locator("#instance-head").get_by_role("link", name="Console", exact=True).click()
    expect(page.locator("[data-console-state]")).to_have_attribute("data-state", "connected")
    terminal = page.locator(".xterm-rows")
    page.locator(".xterm-helper-textarea").press("Enter")
    expect(terminal).to_contain_text(re.compile(r"[#$] ?"))
    page.keyboard.type("echo virtdeck-$((40+2))\n")
    expect(terminal).to_contain_text("virtdeck-42")
    page.keyboard.press("Control+Shift+L")
    expect(page.locator("[data-console-action]").first).to_be_focused()


_SEVERAL_COLOURS = """() => {
    const canvas = document.querySelector('[data-console-screen] canvas');
    if (!canvas || !canvas.width) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) seen.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
    return seen.size > 1;
}"""


def _look_at_the_screen(page: Page) -> None:
    page.get_by_role("link", name="Screen (VNC)").click()
    expect(page.locator("[data-console-state]")).to_have_attribute("data-state", "connected")
    page.wait_for_function(_SEVERAL_COLOURS)

"""Somebody who sits before a browser, and notes whatever his pages complain of."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Frame,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from tests.stack import Stack

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--no-proxy-server",
]
DESKTOP: ViewportSize = {"width": 1366, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 12_000
"""How long an expectation waits. Far more than any of them needs; tests run on busy machines."""

expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """A browser of one's own. `complaints` holds errors of scripts, refused resources and anything of other origins."""

    def __init__(self, stack: Stack, browser: Browser, who: str, session: str, **options: Any) -> None:
        self.who = who
        self.login = stack.credentials.get(f"VIRTDECK_{who}_LOGIN", "")
        self.complaints: list[str] = []
        self.messages: list[str] = []
        self.navigations: list[str] = []
        self._home = stack.url
        self._tolerated: list[re.Pattern[str]] = []
        options = {"viewport": DESKTOP, "locale": "en", "base_url": stack.url, "reduced_motion": "reduce", **options}
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE_MS)
        if session:
            self.context.add_cookies([{"name": "virtdeck_session", "value": session, "url": stack.url}])
        self.context.on("page", self._follow)
        self.page = self.context.new_page()

    def tolerate(self, pattern: str) -> None:
        """Expect complaints like this one: the test provokes them."""
        self._tolerated.append(re.compile(pattern))
        self.complaints = [complaint for complaint in self.complaints if not self._tolerated[-1].search(complaint)]

    def _complain(self, complaint: str) -> None:
        self.messages.append(complaint)
        if not any(pattern.search(complaint) for pattern in self._tolerated):
            self.complaints.append(complaint)

    def _follow(self, page: Page) -> None:
        page.on("pageerror", lambda error: self._complain(f"script error: {error}"))
        page.on("console", self._console)
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("framenavigated", self._navigated)

    def _navigated(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self.navigations.append(frame.url)

    def _console(self, message: ConsoleMessage) -> None:
        line = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        if message.type == "error":
            self._complain(line)
        else:
            self.messages.append(line)

    def _dialog(self, dialog: Dialog) -> None:
        self._complain(f"a dialog of the browser: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._home, "data:", "blob:")):
            self._complain(f"another origin: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._complain(f"{response.status}: {response.url}")


def row(page: Page, name: str) -> Locator:
    """The row of a list that begins with this name."""
    return page.locator("table.data-table tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def row_of(page: Page, text: str) -> Locator:
    """The row of a list in which this text stands."""
    return page.locator("table.data-table tbody tr").filter(has_text=text)


def act(where: Locator, verb: str) -> None:
    """Choose an act from the menu of a row."""
    where.locator("[popovertarget]").click()
    where.get_by_role("button", name=verb, exact=True).click()


def confirm(page: Page, says: str, *, typed: str = "") -> None:
    """Check what the dialog asks about, type what it wants typed, and agree."""
    dialog = page.locator("#confirm-dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(says)
    accept = dialog.locator('[data-part="accept"]')
    if typed:
        expect(accept).to_be_disabled()
        dialog.get_by_role("textbox").fill(typed)
    accept.click()
    expect(dialog).to_be_hidden()


def live(page: Page) -> None:
    """Wait until the socket is there: what happens from now on is shown."""
    expect(page.locator("html")).to_have_attribute("data-live", "on")


def stays(page: Page) -> Page:
    """Mark the document; `stayed` tells whether it is still the same."""
    page.evaluate("window.stillHere = true")
    return page


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stillHere === true"))

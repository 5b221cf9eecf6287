"""Make docs/images from the running product: `.venv/bin/python -m docs.screenshots`.

A whole installation is started on a host of its own, furnished, photographed and removed. Nothing of the machine's own
is touched.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsing import CHROMIUM, DESKTOP, FLAGS, PHONE
from tests.e2e.furnishing import furnish
from tests.stack import Stack

IMAGES = Path(__file__).resolve().parent / "images"
MOST_BYTES = 200 * 1024


def _page(stack: Stack, browser: Browser, who: str, *, theme: str, phone: bool = False) -> Page:
    context = browser.new_context(
        base_url=stack.url,
        viewport=PHONE if phone else {**DESKTOP, "height": 768},
        reduced_motion="reduce",
        locale="en",
    )
    session = stack.signed_in(who).cookies["virtdeck_session"]
    context.add_cookies(
        [
            {"name": "virtdeck_session", "value": session, "url": stack.url},
            {"name": "theme", "value": theme, "url": stack.url},
        ]
    )
    return context.new_page()


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    if path.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes; at most {MOST_BYTES} are wanted")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB", flush=True)


def _console(page: Page, instance: str) -> None:
    page.goto(f"/p/demo/instances/{instance}/console/")
    expect(page.locator("[data-console-state]")).to_have_attribute("data-state", "connected")
    page.locator(".xterm-helper-textarea").press("Enter")
    screen = page.locator(".xterm-rows")
    for command, answer in (("hostname", "web-1"), ("uname -sr", "Linux "), ("echo $((6 * 7))", "42")):
        page.keyboard.type(f"{command}\n")
        expect(screen).to_contain_text(answer)
    page.keyboard.type("cat /proc/loadavg\n")
    expect(screen).to_contain_text("0.")


def _wait_for_addresses(stack: Stack, names: int) -> None:
    def known() -> bool:
        rows = stack.api.get("/api/v1/instances").json()["results"]
        return sum(any(port["address"] for port in row["addresses"]) for row in rows) >= names

    stack.until(known, within=120)


def take(stack: Stack, browser: Browser) -> None:
    """Furnish the installation and photograph it."""
    made = furnish(stack)
    _wait_for_addresses(stack, 4)
    member = _page(stack, browser, "MEMBER", theme="light")
    member.goto("/p/demo/")
    _keep(member, "overview")
    member.goto("/p/demo/instances/")
    _keep(member, "instances")
    member.goto("/p/demo/instances/new/")
    _keep(member, "create")
    _console(member, made["instance_id"])
    _keep(member, "console")
    keeper = _page(stack, browser, "ADMIN", theme="dark")
    keeper.goto("/fleet/instances/")
    _keep(keeper, "all-instances-dark")
    phone = _page(stack, browser, "MEMBER", theme="light", phone=True)
    phone.goto("/p/demo/instances/")
    _keep(phone, "instances-phone")


def main() -> None:
    """Take all pictures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    IMAGES.mkdir(exist_ok=True)
    subprocess.run(["npm", "run", "--silent", "build"], check=True, cwd=IMAGES.parent.parent)
    with Stack() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(stack, browser)
        browser.close()


if __name__ == "__main__":
    main()

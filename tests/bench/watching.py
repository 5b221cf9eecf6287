"""From libvirt's event to the browser's DOM: both ends are stamped by the clock of this machine."""

from __future__ import annotations

import shutil
import threading
import time
from typing import Any

import libvirt
from playwright.sync_api import sync_playwright

from tests.bench.kit import median, open_raw, percentile
from tests.stack import Stack

EVENTS = 40
_WATCH = """(row) => {
    window.seen = [];
    const status = () => document.querySelector(row)?.querySelector('.pill')?.textContent.trim() ?? '';
    let last = status();
    new MutationObserver(() => {
        const now = status();
        if (now !== last) window.seen.push([performance.timeOrigin + performance.now(), last = now]);
    }).observe(document.body, {childList: true, subtree: true, characterData: true, attributes: true});
}"""


def measure(stack: Stack) -> dict[str, Any]:
    instance_id = stack.create("watched")
    time.sleep(8)  # the guest has booted and is quiet
    received: list[float] = []
    wakened = threading.Event()

    def note(_raw: Any, domain: libvirt.virDomain, event: int, _detail: int, _opaque: Any) -> None:
        watched = (libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_RESUMED)
        if domain.UUIDString() == instance_id and event in watched:
            received.append(time.time() * 1000)
            wakened.set()

    raw = open_raw(stack)
    raw.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, note, None)
    domain = raw.lookupByUUIDString(instance_id)
    delays = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        sign_in(page, stack)
        page.goto(f"{stack.url}/p/demo/instances/")
        row = f"#instance-row-{instance_id}"
        page.wait_for_selector(row)
        page.wait_for_function("document.documentElement.dataset.live === 'on'")
        page.wait_for_timeout(1000)
        page.evaluate(_WATCH, row)
        for number in range(EVENTS):
            wakened.clear()
            if number % 2:
                domain.resume()
            else:
                domain.suspend()
            assert wakened.wait(5), "libvirt sent no event"
            page.wait_for_function("count => window.seen.length >= count", arg=number + 1, timeout=20_000)
            delays.append(page.evaluate("window.seen.at(-1)[0]") - received[-1])
            page.wait_for_timeout(150 + 37 * (number % 7))
        browser.close()
    stack.delete(instance_id)
    return {"event_to_dom_p95_ms": percentile(delays, 0.95), "event_to_dom_median_ms": median(delays)}


def sign_in(page: Any, stack: Stack) -> None:
    page.goto(f"{stack.url}/accounts/login/")
    page.fill("input[name=login]", stack.credentials["VIRTDECK_MEMBER_LOGIN"])
    page.fill("input[name=password]", stack.credentials["VIRTDECK_MEMBER_PASSWORD"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)

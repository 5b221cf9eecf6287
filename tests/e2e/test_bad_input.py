"""What people type and paste: refused with the field named and all else kept, or shown exactly as it was typed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visitor, live, row
from tests.stack import Stack

HOSTILE = "🚀 <b>bold</b> ]]> <script>alert(1)</script> \"quoted\" 'x' &amp; ../.."


def _open_form(page: Page, name: str) -> None:
    page.goto("/p/demo/instances/new/")
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_text("More options").click()


def test_a_hostile_name_survives_to_every_page_and_to_the_guest(page: Page, swept: Stack) -> None:
    _open_form(page, HOSTILE)
    page.get_by_label("Description").fill(HOSTILE)
    page.get_by_role("textbox", name="User data").fill(f"#!/bin/sh\necho '{HOSTILE.replace(chr(39), '')}'\n")
    page.get_by_role("button", name="Create instance").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.locator("#instance-head .pill").first).to_have_text("running")
    expect(page).to_have_title(re.compile(re.escape(HOSTILE)))
    assert page.locator("main b, main script").count() == 0
    instance_id = page.url.rstrip("/").rsplit("/", 1)[1]
    assert swept.host.virsh("desc", instance_id, "--title").strip() == HOSTILE
    page.goto("/p/demo/instances/")
    live(page)
    expect(row(page, HOSTILE)).to_be_visible()
    row(page, HOSTILE).locator("[popovertarget]").click()
    page.get_by_role("button", name="Delete", exact=True).locator("visible=true").click()
    dialog = page.locator("#confirm-dialog")
    expect(dialog.get_by_role("heading")).to_contain_text(HOSTILE)
    dialog.get_by_role("textbox").fill(HOSTILE)
    dialog.locator('[data-part="accept"]').click()
    expect(page.locator("tr.is-gone")).to_contain_text("🚀")
    page.goto("/p/demo/operations/")
    expect(page.locator("main")).to_contain_text(HOSTILE)


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("Name", "line\x00break", "must not contain|Null characters"),
        ("Name", "x" * 129, "128"),
        ("User data", "#!/bin/sh\n" + "A" * (1 << 20), "bytes|KiB|large"),
        ("User data", "#!/bin/sh\necho \x00", "NUL|Null"),
        ("How many", "21", "20"),
    ],
    ids=["name-nul", "name-long", "user-data-1-MiB", "user-data-nul", "too-many"],
)
def test_what_is_refused_names_the_field_and_keeps_the_rest(
    visit: Callable[..., Visitor], field: str, text: str, says: str
) -> None:
    visitor = visit("MEMBER")
    visitor.tolerate("status of 422")
    page = visitor.page
    _open_form(page, "kept-name")
    page.get_by_label("Description").fill("kept description")
    # Typing is cut off at `maxlength`; what scripts and extensions put in is not.
    role = "spinbutton" if field == "How many" else "textbox"
    box = page.get_by_role(role, name=re.compile(f"^{field}( \\(optional\\))?$"))
    box.evaluate("(box, text) => { box.value = text; box.dispatchEvent(new Event('input', { bubbles: true })); }", text)
    with page.expect_response(lambda answer: answer.request.method == "POST") as waiting:
        page.get_by_role("button", name="Create instance").click()
    assert waiting.value.status == 422
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text(field)
    expect(summary).to_contain_text(re.compile(says))
    expect(page.get_by_label("Description")).to_have_value("kept description")
    if field != "Name":
        expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("kept-name")
    summary.get_by_role("link").first.click()
    expect(box).to_be_focused()
    assert box.get_attribute("aria-invalid") == "true"


def test_a_key_that_is_none_is_refused(visit: Callable[..., Visitor]) -> None:
    visitor = visit("MEMBER")
    visitor.tolerate("status of 422")
    page = visitor.page
    page.goto("/p/demo/key-pairs/import/")
    page.get_by_label("Name").fill("<i>key</i>")
    page.get_by_label("Public key").fill("ssh-rsa <script>alert(1)</script>")
    page.get_by_role("button", name="Import key").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("Public key")
    expect(page.get_by_label("Name")).to_have_value("<i>key</i>")
    expect(page.get_by_label("Public key")).to_have_value("ssh-rsa <script>alert(1)</script>")


def test_a_hostile_filter_finds_nothing_and_says_so(page: Page) -> None:
    page.goto("/p/demo/instances/?q=%3Cscript%3Ealert(1)%3C/script%3E%F0%9F%9A%80")
    expect(page.get_by_role("searchbox", name="Filter")).to_have_value("<script>alert(1)</script>🚀")
    page.get_by_role("link", name=re.compile("Clear")).first.click()
    expect(page).to_have_url(re.compile("/p/demo/instances/$"))

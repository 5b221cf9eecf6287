"""Pages show what happens, wherever it happens, without being loaded again."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visitor, confirm, live, row, stayed, stays
from tests.stack import Stack


def test_what_is_done_outside_is_shown_on_every_open_page(visit: Callable[..., Visitor], swept: Stack) -> None:
    instance_id = swept.create("outside")
    member, keeper = visit("MEMBER"), visit("ADMIN")
    rows, fleet = member.page, keeper.page
    detail = member.context.new_page()
    for page, path in (
        (rows, "/p/demo/instances/"),
        (detail, f"/p/demo/instances/{instance_id}/"),
        (fleet, "/fleet/instances/"),
    ):
        page.goto(path)
        live(stays(page))
    pills = [row(rows, "outside").locator(".pill"), detail.locator("#instance-head .pill").first]
    pills.append(row(fleet, "outside").locator(".pill"))
    for pill in pills:
        expect(pill).to_have_text("running")
    swept.host.virsh("destroy", instance_id)
    for pill in pills:
        expect(pill).to_have_text("stopped")
    expect(detail.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert all(stayed(page) for page in (rows, detail, fleet))


def test_the_task_drawer_tells_how_far_things_are(page: Page, swept: Stack) -> None:
    page.goto("/p/demo/instances/")
    live(page)
    page.get_by_role("button", name="Tasks").click()
    drawer = page.locator("#task-drawer")
    expect(drawer).to_be_visible()
    operation = swept.begin("drawn")
    task = page.locator(f"#task-{operation['id']}")
    expect(task).to_contain_text("drawn")
    expect(task.locator(".pill")).to_have_text(re.compile("done", re.I))
    expect(task).to_contain_text("admin")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_a_new_row_waits_until_it_is_asked_for(page: Page, swept: Stack) -> None:
    page.goto("/p/demo/instances/")
    live(stays(page))
    swept.begin("somebody-elses")
    new = page.get_by_role("button", name="1 new, show")
    expect(new).to_be_visible()
    expect(row(page, "somebody-elses")).to_have_count(0)
    new.click()
    expect(row(page, "somebody-elses")).to_be_visible()
    expect(new).to_be_hidden()
    assert stayed(page)


def test_redis_goes_away_and_comes_back(visit: Callable[..., Visitor], swept: Stack) -> None:
    instance_id = swept.create("patient")
    visitor = visit("MEMBER")
    visitor.tolerate("WebSocket|/ws/live/")
    page = visitor.page
    page.goto("/p/demo/instances/")
    live(stays(page))
    mark = page.locator("#live-mark")
    expect(mark).to_be_hidden()
    swept.redis_stop()
    try:
        expect(mark).to_be_visible()
        expect(mark).to_contain_text("Reconnecting")
        swept.host.virsh("destroy", instance_id)
    finally:
        swept.redis_start()
    expect(mark).to_be_hidden(timeout=30_000)
    expect(row(page, "patient").locator(".pill")).to_have_text("stopped", timeout=40_000)
    swept.host.virsh("start", instance_id)
    expect(row(page, "patient").locator(".pill")).to_have_text("running")
    assert stayed(page)


def test_several_at_once_by_the_bulk_bar(page: Page, swept: Stack) -> None:
    for operation in swept.api.post("/api/v1/instances", json=swept.create_request("many", count=2)).json()["results"]:
        swept.succeeded(operation)
    page.goto("/p/demo/instances/?q=many")
    live(stays(page))
    page.get_by_role("checkbox", name="Select all rows").check()
    bar = page.locator("[data-bulk]")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Delete").click()
    dialog = page.locator("#confirm-dialog")
    expect(dialog).to_contain_text("many-1")
    confirm(page, "many-2", typed="2")
    expect(page.locator("tr.is-gone")).to_have_count(2)
    assert stayed(page)


def test_the_console_page_offers_the_console_as_soon_as_the_guest_runs(page: Page, swept: Stack) -> None:
    instance_id = swept.create("sleeper")
    swept.host.virsh("destroy", instance_id)
    swept.shows(instance_id, "stopped", within=20)
    page.goto(f"/p/demo/instances/{instance_id}/console/")
    live(stays(page))
    expect(page.get_by_role("heading", name="There is no console now")).to_be_visible()
    page.locator("#instance-console").get_by_role("button", name="Start").click()
    expect(page.get_by_role("link", name="Open console")).to_be_visible()
    assert stayed(page)

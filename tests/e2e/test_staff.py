"""What the keepers of the cloud do: hosts, domains of others, flavors, projects, people, the audit."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visitor, act, confirm, live, row, row_of, stayed, stays
from tests.stack import Stack


def test_a_host_tells_how_it_was_enrolled_and_can_be_tested_again(staff: Page) -> None:
    staff.goto("/fleet/hosts/")
    expect(row(staff, "host1").locator(".pill")).to_have_text("Up")
    staff.get_by_role("link", name="host1").click()
    journal = staff.locator("#host-overview")
    for step in ("Connect", "Read capabilities", "accelerator", "pool", "network"):
        expect(journal).to_contain_text(re.compile(step, re.I))
    live(stays(staff))
    staff.get_by_role("button", name="Enrol again").first.click()
    expect(staff.locator("#host-overview .card").first.locator(".pill").first).to_have_text(
        re.compile("done|succeeded", re.I), timeout=60_000
    )


def test_a_host_that_cannot_be_reached_says_why_and_goes(staff: Page) -> None:
    name = f"nowhere-{uuid.uuid4().hex[:6]}"
    staff.goto("/fleet/hosts/new/")
    staff.get_by_label("Name").fill(name)
    staff.get_by_label("libvirt URI").fill("qemu+tcp://127.0.0.1:9/system?project=" + name)
    staff.get_by_role("button", name="Add host").click()
    expect(staff.get_by_role("heading", level=1)).to_contain_text(name)
    expect(staff.locator("#host-overview")).to_contain_text(re.compile("refused|cannot|not", re.I), timeout=60_000)
    # It is tried again and again, until somebody gives up.
    enrolment = staff.locator("#host-overview .card").first
    enrolment.get_by_role("button", name="Cancel").click()
    if staff.locator("#confirm-dialog").is_visible():
        staff.locator('#confirm-dialog [data-part="accept"]').click()
    expect(enrolment.locator(".pill").first).to_have_text(re.compile("cancelled", re.I), timeout=30_000)
    staff.get_by_role("button", name="More").click()
    staff.get_by_role("button", name="Delete host").click()
    confirm(staff, name, typed=name)
    expect(staff).to_have_url(re.compile("/fleet/hosts/$"))
    expect(row(staff, name)).to_have_count(0)


def test_a_strangers_domain_appears_and_is_adopted(staff: Page, swept: Stack) -> None:
    staff.goto("/fleet/unmanaged/")
    live(stays(staff))
    name = define_stranger(swept)
    new = staff.get_by_role("button", name="1 new, show")
    expect(new).to_be_visible(timeout=75_000)
    new.click()
    expect(row_of(staff, name)).to_be_visible()
    assert stayed(staff)
    act(row_of(staff, name), "Adopt")
    dialog = staff.locator("#confirm-dialog")
    dialog.get_by_label("Project").select_option(label="demo")
    confirm(staff, name)
    expect(staff).to_have_url(re.compile("/p/demo/instances/"))
    expect(staff.get_by_role("heading", level=1)).to_have_text(name)
    staff.goto("/fleet/unmanaged/")
    expect(row_of(staff, name)).to_have_count(0)
    staff.goto("/fleet/instances/")
    expect(row(staff, name).locator(".pill")).to_have_text("stopped")
    expect(row(staff, name)).to_contain_text("host1")
    expect(row(staff, name)).to_contain_text("demo")


def define_stranger(stack: Stack) -> str:
    name = f"stranger-{uuid.uuid4().hex[:6]}"
    xml = (
        f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>"
        "<os><type arch='x86_64'>hvm</type></os></domain>"
    )
    path = stack.host.home / f"{name}.xml"
    path.write_text(xml)
    stack.host.virsh("define", str(path))
    return name


def test_flavors_are_made_changed_switched_and_deleted(staff: Page) -> None:
    name = f"f-{uuid.uuid4().hex[:6]}"
    staff.goto("/fleet/flavors/new/")
    staff.get_by_label("Name").fill(name)
    staff.get_by_label("vCPUs").fill("2")
    staff.get_by_role("button", name="Create flavor").click()
    mine = row(staff, name)
    expect(mine).to_contain_text("1 GiB")
    mine.get_by_role("link", name=name).click()
    staff.get_by_label("Memory (MiB)").fill("3072")
    staff.get_by_role("button", name="Save").click()
    expect(mine).to_contain_text("3 GiB")
    live(staff)
    act(mine, "Disable")
    expect(mine.locator(".pill")).to_have_text("Disabled")
    act(mine, "Delete")
    confirm(staff, name)
    expect(staff.locator("tr:not(.is-gone)").filter(has_text=name)).to_have_count(0)


def test_a_project_with_its_people_and_who_did_what(visit: Callable[..., Visitor]) -> None:
    keeper = visit("ADMIN")
    staff = keeper.page
    mark = uuid.uuid4().hex[:6]
    staff.goto("/fleet/projects/new/")
    staff.get_by_label("Name").fill(f"Lab {mark}")
    staff.get_by_role("button", name="Create project").click()
    expect(staff).to_have_url(re.compile(f"/p/lab-{mark}/"))
    banner = staff.get_by_role("complementary", name="Foreign project")
    expect(banner).to_contain_text(f"Lab {mark}")
    staff.goto("/fleet/projects/")
    expect(row(staff, f"Lab {mark}").locator(".pill")).to_have_text("Enabled")

    staff.goto("/fleet/users/new/")
    staff.get_by_label("Login name").fill(f"carol-{mark}")
    staff.get_by_role("button", name="Create user").click()
    expect(staff.get_by_role("heading", level=1)).to_contain_text("is ready")
    password = staff.locator("main dd code").nth(1).inner_text().strip()
    staff.goto(f"/p/lab-{mark}/members/")
    staff.get_by_label("Login name").fill(f"carol-{mark}")
    staff.get_by_label("Role").select_option("reader")
    staff.get_by_role("button", name="Add member").click()
    member = row_of(staff, f"carol-{mark}")
    expect(member).to_contain_text("Reader")

    carol = visit("").page
    carol.goto("/")
    carol.get_by_label("Login name").fill(f"carol-{mark}")
    carol.get_by_label("Password").fill(password)
    carol.get_by_role("button", name="Log in").click()
    expect(carol.get_by_role("heading", level=1)).to_have_text(f"Lab {mark}")
    expect(carol.get_by_role("link", name="Hosts")).to_have_count(0)
    expect(carol.get_by_role("complementary", name="Foreign project")).to_have_count(0)

    live(staff)
    act(member, "Make administrator")
    expect(row_of(staff, f"carol-{mark}")).to_contain_text("Administrator")
    keeper.tolerate("status of 409")
    act(row_of(staff, f"carol-{mark}"), "Remove from project")
    confirm(staff, f"carol-{mark}")
    expect(staff.locator("#toasts").get_by_role("alert")).to_contain_text("administrator")  # the last one stays
    staff.get_by_label("Login name").fill(keeper.login)
    staff.get_by_label("Role").select_option("admin")
    staff.get_by_role("button", name="Add member").click()
    expect(row_of(staff, "(you)")).to_contain_text("Administrator")
    expect(staff.get_by_role("complementary", name="Foreign project")).to_have_count(0)
    act(row_of(staff, f"carol-{mark}"), "Remove from project")
    confirm(staff, f"carol-{mark}")
    expect(staff.locator("tr:not(.is-gone)").filter(has_text=f"carol-{mark}")).to_have_count(0)

    staff.goto(f"/fleet/audit/?q={mark}")
    for action in ("project.create", "user.create", "member"):
        expect(staff.locator("main")).to_contain_text(action)

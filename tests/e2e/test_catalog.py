"""Images, key pairs, tokens and members of a project."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visitor, act, confirm, live, row, row_of, stayed, stays
from tests.stack import Stack

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHzT6f3rA6tCc0mPpT1uKDlWj8iQJ7m2kZ1nTn1nJ0a1 someone@example"


def qcow2(folder: Path, name: str, *options: str, size: str = "64M") -> Path:
    path = folder / f"{name}.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *options, str(path), size], check=True)
    return path


def test_an_image_goes_up_with_progress_and_turns_active(page: Page, tmp_path: Path) -> None:
    name = f"disk-{uuid.uuid4().hex[:6]}"
    path = qcow2(tmp_path, name)
    subprocess.run(["qemu-io", "-c", "write -P 7 0 8M", str(path)], check=True, capture_output=True)
    page.goto("/p/demo/images/new/")
    page.evaluate(
        """() => {
            const bar = document.querySelector('[data-upload-progress] progress');
            const note = () => sessionStorage.setItem('progress', bar.value);
            new MutationObserver(note).observe(bar, { attributes: true });
        }"""
    )
    page.get_by_label("Name").fill(name)
    page.get_by_label("File").set_input_files(path)
    with page.expect_navigation(url=re.compile(r"/images/[0-9a-f-]{36}/$")):
        page.get_by_role("button", name="Create image").click()
    assert page.evaluate("sessionStorage.getItem('progress')") == "1"
    live(stays(page))
    expect(page.locator("main .pill").first).to_have_text("active")
    expect(page.locator("main")).to_contain_text("64 MiB")
    page.get_by_role("button", name="Delete").click()
    confirm(page, name, typed=name if page.locator("#confirm-text").is_visible() else "")
    expect(page.locator("main")).to_contain_text(re.compile("deleted|no more|Deleting", re.I))
    assert stayed(page)


def test_an_image_with_a_backing_file_is_refused_and_says_so(page: Page, tmp_path: Path) -> None:
    qcow2(tmp_path, "base")
    path = qcow2(tmp_path, "overlay", "-b", str(tmp_path / "base.qcow2"), "-F", "qcow2")
    page.goto("/p/demo/images/new/")
    page.get_by_label("Name").fill("overlay")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Create image").click()
    expect(page).to_have_url(re.compile(r"/images/[0-9a-f-]{36}/$"))
    expect(page.locator("main").get_by_role("alert")).to_contain_text("backing file")
    expect(page.locator("main .pill").first).to_have_text("error")


def test_an_image_without_name_or_file_says_what_is_missing(visit: Callable[..., Visitor]) -> None:
    visitor = visit("MEMBER")
    visitor.tolerate("status of 422")
    page = visitor.page
    page.goto("/p/demo/images/new/")
    page.get_by_role("button", name="Create image").click()
    expect(page.locator("[data-upload-error]")).to_be_visible()
    expect(page.get_by_label("File")).to_be_focused()


def test_key_pairs_are_imported_generated_and_deleted(page: Page) -> None:
    mark = uuid.uuid4().hex[:6]
    page.goto("/p/demo/key-pairs/import/")
    page.get_by_label("Name").fill(f"laptop-{mark}")
    page.get_by_label("Public key").fill(KEY)
    page.get_by_role("button", name="Import key").click()
    expect(row_of(page, f"laptop-{mark}")).to_contain_text("SHA256:")
    page.goto("/p/demo/key-pairs/generate/")
    page.get_by_label("Name").fill(f"made-{mark}")
    page.get_by_role("button", name="Create key pair").click()
    private = page.locator("#private-key")
    expect(private).to_contain_text("BEGIN OPENSSH PRIVATE KEY")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download private key").click()
    assert waiting.value.suggested_filename == f"made-{mark}.pem"
    assert "END OPENSSH PRIVATE KEY" in waiting.value.path().read_text()
    page.get_by_role("link", name="I have kept it").click()
    expect(row_of(page, f"made-{mark}")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("PRIVATE KEY-----")
    page.goto("/p/demo/key-pairs/")
    for name in (f"made-{mark}", f"laptop-{mark}"):
        act(row_of(page, name), "Delete")
        confirm(page, name)
        expect(page.locator("tr:not(.is-gone)").filter(has_text=name)).to_have_count(0)


def test_a_token_is_shown_once_works_and_is_revoked(page: Page, stack: Stack) -> None:
    name = f"ci-{uuid.uuid4().hex[:6]}"
    page.goto("/p/demo/tokens/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create token").click()
    secret = page.locator("#token-secret").inner_text().strip()
    assert secret.startswith("vdk_")
    client = stack.client(secret)
    assert client.get("/api/v1/instances").status_code == 200
    page.get_by_role("link", name="I have copied it").click()
    expect(row_of(page, name)).to_contain_text("Active")
    assert secret not in page.content()
    live(page)
    act(row_of(page, name), "Revoke")
    confirm(page, name)
    expect(page.locator("tr").filter(has_text=name)).to_contain_text(re.compile("Revoked|deleted", re.I))
    assert client.get("/api/v1/instances").status_code == 401


def test_a_reader_sees_why_he_may_not(visit: Callable[..., Visitor], swept: Stack) -> None:
    instance_id = swept.create("looked-at")
    name = f"reader-{uuid.uuid4().hex[:6]}"
    password = swept.api.post("/api/v1/users", json={"username": name}).json()["password"]
    answer = swept.api.put("/api/v1/members", json={"username": name, "role": "reader"})
    assert answer.status_code == 200, answer.text
    page = visit("").page
    page.goto("/")
    page.get_by_label("Login name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"/p/demo/instances/{instance_id}/")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_have_attribute("aria-disabled", "true")
    expect(stop).to_have_attribute("title", re.compile("member"))
    page.goto("/p/demo/instances/")
    expect(row(page, "looked-at")).to_be_visible()
    page.goto(f"/p/demo/instances/{instance_id}/console/")
    expect(page.locator("main")).to_contain_text("role “member”")
    page.goto("/p/demo/members/")
    expect(page.locator("main")).to_contain_text("Administrators of the project add and remove members.")

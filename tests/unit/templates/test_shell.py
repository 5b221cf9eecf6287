"""The shell: landmarks, names, current page, and nothing that a strict content security policy forbids."""

import json
import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"


def test_landmarks_and_headings(page):
    tree = page("base.html")
    assert len(tree.css("main#main")) == 1
    assert len(tree.css("h1")) == 1
    assert tree.css("nav[aria-label]") and tree.css("header")
    assert tree.css("a.skip-link")[0].get("href") == "#main"


def test_the_current_page_is_marked_once(page):
    current = page("base.html").css('.sidebar-link[aria-current="page"]')
    assert [link.text_content().strip() for link in current] == ["Instances"]


def test_every_control_has_a_name(page):
    for control in page("base.html").xpath("//button | //a"):
        name = control.get("aria-label") or control.get("title") or control.text_content().strip()
        filled_by_script = control.get("data-part") == "accept"
        assert name or filled_by_script, control.attrib


def test_every_popover_button_finds_its_popover(page):
    tree = page("base.html")
    for button in tree.css("[popovertarget]"):
        assert tree.get_element_by_id(button.get("popovertarget")).get("popover") is not None


def test_ids_are_unique(page):
    ids = page("base.html").xpath("//@id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("theme", "shown"), [("dark", "dark"), ("light", "light"), (None, "auto")])
def test_theme_comes_from_the_server(page, theme, shown):
    assert page("base.html", theme=theme).get("data-bs-theme") == shown


def test_running_tasks_are_counted_in_a_live_region(page):
    badge = page("base.html").get_element_by_id("task-count")
    assert badge.get("data-live") == "tasks.count"
    assert badge.text_content().split() == ["2", "running"]
    for quiet in (page("base.html", task_count=0), page("base.html", task_count=0, count=5)):
        assert quiet.get_element_by_id("task-count").text_content() == ""


def test_banner_in_a_foreign_project(page):
    assert page("base.html").css(".scope-banner") == []
    assert "staff" in page("base.html", scope_banner="You act as staff").css(".scope-banner")[0].text_content()


def test_words_for_the_scripts_are_json_and_cannot_end_the_element(page):
    text = page("base.html").get_element_by_id("ui-strings").text
    assert json.loads(text)["deleted"] == "Deleted"
    assert "<" not in text


def test_messages_become_toasts(page):
    class Message(str):
        level_tag = "error"

    note = page("base.html", messages=[Message("It failed <b>")]).css("#toasts .note-error")[0]
    assert note.get("role") == "alert"
    assert "It failed <b>" in note.text_content()


@pytest.mark.parametrize("name", ["404.html", "403.html", "403_csrf.html", "500.html", "account/logout.html"])
def test_pages_without_the_shell(page, name):
    tree = page(name)
    assert len(tree.css("h1")) == 1
    assert tree.css("title")[0].text_content().split()


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_templates_keep_to_the_content_security_policy(path):
    text = path.read_text()
    assert not re.search(r"\sstyle=", text), "style attributes are blocked: use a class"
    assert not re.search(r"\son[a-z]+=", text), "inline handlers are blocked"
    assert not re.search(r"hx-on|js:|javascript:", text), "scripts in attributes are blocked"
    for script in re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text):
        assert "application/json" in script, "inline scripts are blocked"

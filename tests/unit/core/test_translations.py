"""The Chinese catalogue: complete, with the placeholders of its source, and pages that speak it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import Client
from lxml import html

from tests.architecture.routes import Town, routes
from tests.architecture.seeds import PACKAGES, ROOT, python_files

CATALOGUE = Path("console/locale/zh_Hans/LC_MESSAGES/django.po")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
BLANKS = re.compile(r"%\(\w+\)[-+.\d]*[a-z]|%[a-z]|%%|\{\w+\}|</?\w+[^>]*>")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PROSE = re.compile(r"\b[A-Za-z][a-z]+ [a-z]+ [a-z]+\b")
"""Three words in a row: names and technical terms are shorter."""


@dataclass
class Entry:
    fuzzy: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    """By keyword: msgid, msgid_plural, msgstr, msgstr[0]."""

    @property
    def source(self) -> str:
        return self.texts.get("msgid_plural") or self.texts["msgid"]

    @property
    def target(self) -> str:
        return self.texts.get("msgstr") or self.texts.get("msgstr[0]", "")


def entries(path: Path) -> list[Entry]:
    """All entries of a catalogue but its header; what is obsolete is a comment and left out."""
    found = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry, keyword = Entry(), ""
        for line in block.splitlines():
            if line.startswith("#"):
                entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
                continue
            if not line.startswith('"'):
                keyword, line = line.split(" ", 1)
            entry.texts[keyword] = entry.texts.get(keyword, "") + ast.literal_eval(line)
        if entry.texts.get("msgid"):
            found.append(entry)
    return found


def compiled(folder: Path) -> Path:
    """The catalogue as Django loads it, in a folder for LOCALE_PATHS; msgfmt checks formats and header on the way."""
    target = folder / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    done = subprocess.run(
        ["msgfmt", "--check", "-o", target, ROOT / CATALOGUE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_text_has_a_translation_with_the_same_placeholders() -> None:
    found = entries(ROOT / CATALOGUE)
    assert len(found) > 900
    assert [entry.source for entry in found if entry.fuzzy or not entry.target.strip()] == []
    odd = [entry for entry in found if sorted(BLANKS.findall(entry.source)) != sorted(BLANKS.findall(entry.target))]
    assert [(entry.source, entry.target) for entry in odd] == []


def test_the_catalogue_knows_every_text_of_the_source(tmp_path: Path) -> None:
    for name in (*PACKAGES, "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    environment = os.environ | {"VIRTDECK_VAR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "console.settings"}
    command = [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-location", "-i", "var"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    new = [entry.source for entry in entries(tmp_path / CATALOGUE) if entry.fuzzy or not entry.target]
    assert new == [], "run makemessages and translate"


def test_no_text_hides_from_xgettext() -> None:
    """Such as one inside an f-string."""
    known = {entry.texts["msgid"] for entry in entries(ROOT / CATALOGUE)}
    hidden = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                text = node.args[0]
                if not isinstance(text, ast.Constant) or text.value not in known:
                    hidden.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    assert hidden == []


def _texts(page: str) -> Iterator[str]:
    """What people read on a page, or hear."""
    for element in html.fromstring(page).iter():
        if isinstance(element.tag, str) and element.tag not in ("script", "style"):
            yield element.text or ""
            for name in ("title", "aria-label", "placeholder", "data-confirm-title", "data-confirm-text"):
                yield element.get(name, "")
        yield element.tail or ""


@pytest.mark.django_db
def test_every_page_speaks_chinese(settings, tmp_path: Path) -> None:
    settings.LOCALE_PATHS = [compiled(tmp_path)]
    town = Town()
    client = Client()
    client.force_login(town.people["staff"])
    client.cookies["django_language"] = "zh-hans"
    read = 0
    for route in routes():
        if route.name.startswith("api:") or "(?P" in route.pattern or route.name in ("healthz", "account_logout"):
            continue
        path = town.path(route, town.ours).rstrip("$")
        answer = client.get(path)
        assert answer.status_code < 500, path
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        if not page.strip():
            continue
        read += 1
        english = [text.strip() for text in _texts(page) if PROSE.search(text) and not CHINESE.search(text)]
        assert english == [], path
        assert CHINESE.search(page), path
    assert read > 40
    assert "创建实例" in client.get(f"/p/{town.ours.slug}/instances/new/").content.decode()

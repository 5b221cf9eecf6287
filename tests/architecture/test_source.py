"""The rules of the house, and each rule tried on a file that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import checks
from tests.architecture.seeds import PACKAGES, ROOT

RULES: dict[Callable[[Path], list[str]], dict[str, str]] = {
    checks.unscoped: {
        "compute/views/instances.py": "rows = Instance.unscoped.all()",
        "compute/api/v1/views.py": "rows = Instance._default_manager.all()",
        "compute/live.py": "rows = Instance._base_manager.all()",
        "compute/filters.py": "import x\nx.Image.unscoped",
    },
    checks.model_forms: {
        "compute/forms.py": "from django import forms\nclass F(forms.ModelForm): pass",
        "compute/api/v1/serializers.py": "from rest_framework.serializers import ModelSerializer",
        "storage/api/v1/serializers.py": "x = serializers.PrimaryKeyRelatedField(queryset=1)",
    },
    checks.broad_excepts: {
        "compute/services/a.py": "try:\n    x\nexcept Exception:\n    pass",
        "compute/services/b.py": "try:\n    x\nexcept:\n    pass",
        "compute/services/c.py": "try:\n    x\nexcept (ValueError, BaseException):\n    pass",
        "compute/services/d.py": "with contextlib.suppress(Exception):\n    x",
    },
    checks.signals: {
        "compute/apps.py": "from django.db.models.signals import post_save",
        "compute/models/a.py": "from django.dispatch import receiver",
        "storage/apps.py": "import django.db.models.signals",
    },
    checks.mark_safes: {
        "compute/views/a.py": "x = mark_safe(name)",
        "compute/tables.py": "x = safestring.mark_safe(name)",
        "compute/live.py": "x = SafeString(name)",
    },
    checks.shells: {
        "storage/services/a.py": "subprocess.run(command, shell=True)",
        "storage/services/b.py": "subprocess.run(command, shell=flag)",
        "storage/services/c.py": "os.system(command)",
    },
    checks.loose_services: {
        "compute/services/a.py": (
            "def thing_make(scope: Scope, name: str) -> None:\n    with change(scope, 'thing.make'):\n        pass"
        ),
        "compute/services/b.py": "def thing_make(scope, *, name):\n    with change(scope, 'thing.make'):\n        pass",
        "compute/services/c.py": "def make(*, name: str) -> None:\n    with change(ANY, 'thing.make'):\n        pass",
    },
    checks.long_files: {"compute/services/a.py": "x = 1\n" * 501},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds(rule: Callable[[Path], list[str]]) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [(rule, path, source) for rule, seeds in RULES.items() for path, source in seeds.items()],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_the_rule_catches_its_sin(tmp_path: Path, rule: Callable[[Path], list[str]], path: str, source: str) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(source)
    assert len(rule(tmp_path)) == 1


def test_the_lists_of_exceptions_hold_nothing_that_is_gone() -> None:
    for name in (*checks.BROAD_EXCEPT, *checks.MARK_SAFE):
        assert (ROOT / name).exists(), name


def test_templates_hold_no_code() -> None:
    assert checks.inline_code(ROOT / "templates") == []


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color: red">',
        '<a href="#" onclick="go()">',
        "<style>p {}</style>",
        "<script>go()</script>",
        '<a href="javascript:go()">',
        "{{ name|safe }}",
        "{% autoescape off %}",
    ],
)
def test_code_in_a_template_is_caught(tmp_path: Path, html: str) -> None:
    (tmp_path / "page.html").write_text(f"<h1>x</h1>\n{html}\n")
    assert checks.inline_code(tmp_path)


@pytest.mark.parametrize(
    "html", ['<script type="module" src="/a.js"></script>', '<script id="x" type="application/json">{}</script>']
)
def test_data_and_files_are_not_code(tmp_path: Path, html: str) -> None:
    (tmp_path / "page.html").write_text(html)
    assert checks.inline_code(tmp_path) == []

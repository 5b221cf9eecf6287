"""Rules about source text: each is a function over a folder that answers where it is broken."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.architecture.seeds import python_files

LONGEST_FILE = 500

UNSCOPED = (
    re.compile(r"/(models|services)/"),
    re.compile(r"/(selectors|operations)\.py$"),
    re.compile(r"^console/operations/(context|leases|runner|tasks)\.py$"),
    re.compile(r"^console/core/models\.py$"),
    re.compile(r"^console/identity/api/kit\.py$"),  # its own record of answered requests, found by user and wall
    re.compile(r"^console/live/consoles\.py$"),  # from a ticket to the scope that it opens
    re.compile(r"^console/management/commands/"),
    re.compile(r"^monitoring/observer/"),
)
BROAD_EXCEPT = {
    "console/core/bus.py": "whatever a broker raises, the outbox must live on",
    "console/operations/leases.py": "a missed heartbeat is made up by the next one",
    "console/operations/runner.py": "a bug in a step ends its operation, not the worker",
    "console/live/consumer.py": "leaving a group while Redis is away",
    "monitoring/observer/watcher.py": "the observer's loop goes on whatever one round met",
    "console/virt/libvirt_driver/storage.py": "cleans up and raises again",
    "console/virt/libvirt_driver/upload.py": "cleans up and raises again",
    "console/virt/libvirt_driver/line.py": "handed whole to the thread that waits",
}
MARK_SAFE = {
    "console/core/templatetags/ui.py": "the template tags",
    "console/core/tables.py": "rows whose cells are escaped one by one",
    "compute/actions.py": "a menu rendered once, with escaped values put in",
}


def each(root: Path, visit: Callable[[str, ast.AST], str | None]) -> list[str]:
    """What `visit` says of every node, with its place."""
    found = []
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text(), name)):
            if (sin := visit(name, node)) is not None:
                found.append(f"{name}:{getattr(node, 'lineno', 0)} {sin}")
    return found


def unscoped(root: Path) -> list[str]:
    """`.unscoped` where nothing watches over the walls between projects."""

    def visit(name: str, node: ast.AST) -> str | None:
        if not isinstance(node, ast.Attribute) or node.attr not in ("unscoped", "_base_manager", "_default_manager"):
            return None
        return None if any(pattern.search(name) for pattern in UNSCOPED) else f".{node.attr}"

    return each(root, visit)


def model_forms(root: Path) -> list[str]:
    """Forms and serializers that read default managers by themselves, and so would leak."""
    banned = {
        "ModelForm",
        "ModelSerializer",
        "HyperlinkedModelSerializer",
        "modelform_factory",
        "inlineformset_factory",
    }
    banned |= {"PrimaryKeyRelatedField", "SlugRelatedField", "HyperlinkedRelatedField", "ModelViewSet"}

    def visit(_name: str, node: ast.AST) -> str | None:
        word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.ImportFrom):
            word = next((alias.name for alias in node.names if alias.name in banned), None)
        return word if word in banned else None

    return each(root, visit)


def broad_excepts(root: Path) -> list[str]:
    """Handlers that swallow bugs."""

    def visit(name: str, node: ast.AST) -> str | None:
        if name in BROAD_EXCEPT:
            return None
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _names(node.type) & _BROAD):
            return "except Exception"
        if isinstance(node, ast.Call) and _called(node) == "suppress":
            broad = set().union(*(_names(argument) for argument in node.args)) & _BROAD
            return "suppress(Exception)" if broad else None
        return None

    return each(root, visit)


_BROAD = {"Exception", "BaseException"}


def signals(root: Path) -> list[str]:
    """Logic hidden behind signals."""

    def visit(_name: str, node: ast.AST) -> str | None:
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.endswith("signals") or module == "django.dispatch":
                return f"from {module}"
        if isinstance(node, ast.Import):
            return next((alias.name for alias in node.names if alias.name.endswith("signals")), None)
        return None

    return each(root, visit)


def mark_safes(root: Path) -> list[str]:
    """Text declared safe where nobody looks for it."""

    def visit(name: str, node: ast.AST) -> str | None:
        if name in MARK_SAFE or not isinstance(node, ast.Call):
            return None
        return _called(node) if _called(node) in ("mark_safe", "SafeString", "SafeText") else None

    return each(root, visit)


def shells(root: Path) -> list[str]:
    """Commands that a shell would read."""

    def visit(_name: str, node: ast.AST) -> str | None:
        if not isinstance(node, ast.Call):
            return None
        if any(word.arg == "shell" and not _is_false(word.value) for word in node.keywords):
            return "shell=True"
        of = (
            node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
        )
        return f"{of}.{_called(node)}" if (of, _called(node)) in _SHELLS else None

    return each(root, visit)


_SHELLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}


def loose_services(root: Path) -> list[str]:
    """Public functions of services that write for a caller, and take more than the scope by position or lack types."""
    found = []
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        if "/services/" not in name:
            continue
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                found += [f"{name}:{function.lineno} {function.name}: {sin}" for sin in _looseness(function)]
    return found


POSITIONAL_TOO = {
    "instance_create": 2,  # a spec: one frozen dataclass instead of ten keywords
    "submit": 2,  # the act belongs to the scope
    "change": 2,
    "record": 2,
    "record_of": 2,
}


def _looseness(function: ast.FunctionDef) -> Iterator[str]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    every = [*positional, *arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
    if function.returns is None or any(argument.annotation is None for argument in every):
        yield "not typed"
    takes_scope = bool(positional) and positional[0].arg == "scope"
    if takes_scope and len(positional) > POSITIONAL_TOO.get(function.name, 1) and _opens_a_change(function):
        yield f"{positional[-1].arg} must be keyword-only"
    if _opens_a_change(function) and not takes_scope:
        yield "writes without a scope"


def _opens_a_change(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Call) and _called(node) == "change" for node in ast.walk(function))


def long_files(root: Path) -> list[str]:
    """Modules that should be split by noun."""
    return [
        f"{path.relative_to(root)}: {length} lines"
        for path in python_files(root)
        if (length := len(path.read_text().splitlines())) > LONGEST_FILE
    ]


_INLINE = {
    "style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script\b(?![^>]*(\bsrc\s*=|application/json))", re.IGNORECASE),
    "javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "safe filter": re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off"),
}


def inline_code(templates: Path) -> list[str]:
    """Styles and scripts in templates: the content security policy would stop them."""
    found = []
    for path in sorted(templates.rglob("*.html")):
        text = path.read_text()
        for sin, pattern in _INLINE.items():
            found += [f"{path.relative_to(templates)}: {sin}: {hit.group()[:80]}" for hit in pattern.finditer(text)]
    return found


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False

"""What holds for every model: walls between projects, and lists that an index serves."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import isolate_apps

from console.core.models import BaseModel, ScopedManager, ScopedModel, UnscopedAccess

OURS = ("identity", "operations", "fleet", "storage", "networking", "compute", "monitoring", "core", "console")
FEW = {
    "Membership": "a project has a handful",
    "Flavor": "a cloud has a handful",
    "Network": "one a host network",
    "Port": "one or two an instance",
}
"""Models whose lists are short by nature."""


def our_models() -> list[Any]:
    return [
        model
        for label in OURS
        if apps.is_installed(_package(label))
        for model in apps.get_app_config(label).get_models()
    ]


def _package(label: str) -> str:
    return f"console.{label}" if label in ("core", "identity", "operations", "fleet") else label


def without_walls(found: list[Any]) -> list[str]:
    """Scoped models whose `objects` answers anybody, or whose managers Django would pick wrongly."""
    return [
        model.__name__
        for model in found
        if issubclass(model, ScopedModel)
        and (
            not isinstance(model.objects, ScopedManager)
            or model._meta.base_manager_name != "unscoped"
            or model._meta.default_manager_name != "unscoped"
        )
    ]


def outside(found: list[Any]) -> list[str]:
    """Models with a project that are not scoped."""
    return [
        model.__name__
        for model in found
        if not issubclass(model, ScopedModel) and any(field.name == "project" for field in model._meta.get_fields())
    ]


def without_index(found: list[Any]) -> list[str]:
    """Models whose list order no index serves, neither by itself nor within a parent."""
    return [
        f"{model.__name__}: {model._meta.ordering}"
        for model in found
        if model._meta.ordering and model.__name__ not in FEW and not _served(model)
    ]


def _served(model: Any) -> bool:
    wanted = [str(name).lstrip("-") for name in model._meta.ordering]
    if wanted[0] != "pk" and "__" not in wanted[0] and model._meta.get_field(wanted[0]).unique:
        return True
    relations = {field.name for field in model._meta.fields if field.is_relation}
    for names in _indexes(model):
        if names[: len(wanted)] == wanted or (names[0] in relations and names[1 : len(wanted) + 1] == wanted):
            return True
    return False


def _indexes(model: Any) -> list[list[str]]:
    found = [[name.lstrip("-") for name in index.fields] for index in model._meta.indexes if index.condition is None]
    unique = [c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint) and c.condition is None]
    return [names for names in (*found, *(list(constraint.fields) for constraint in unique)) if names]


def unwritten(to_state: ProjectState) -> dict[str, Any]:
    """Changes of models that no migration makes."""
    loader = MigrationLoader(connection)
    changes = MigrationAutodetector(loader.project_state(), to_state).changes(graph=loader.graph)
    return {label: found for label, found in changes.items() if label in OURS}  # what others forget is theirs


def test_every_scoped_model_has_its_walls() -> None:
    scoped = [model for model in our_models() if issubclass(model, ScopedModel)]
    assert len(scoped) >= 15
    assert without_walls(our_models()) == []
    assert outside(our_models()) == []


@pytest.mark.parametrize("model", [m for m in our_models() if issubclass(m, ScopedModel)], ids=lambda m: m.__name__)
def test_objects_answers_nobody_without_a_scope(model: Any) -> None:
    for ask in (model.objects.all, model.objects.count, model.objects.first, lambda: model.objects.filter(pk=None)):
        with pytest.raises(UnscopedAccess):
            ask()


@isolate_apps("compute")
def test_missing_walls_are_caught() -> None:
    class Holey(ScopedModel):
        class Meta:
            app_label = "compute"

    class Open(ScopedModel):
        objects = models.Manager()

        class Meta(ScopedModel.Meta):
            app_label = "compute"

    class Outside(BaseModel):
        project = models.ForeignKey("identity.Project", on_delete=models.CASCADE, related_name="+")

        class Meta(BaseModel.Meta):
            app_label = "compute"

    assert without_walls([Holey, Open]) == ["Holey", "Open"]
    assert outside([Outside]) == ["Outside"]


def test_every_list_order_has_an_index() -> None:
    assert without_index(our_models()) == []


@isolate_apps("compute")
def test_a_list_order_without_an_index_is_caught() -> None:
    class Slow(ScopedModel):
        name = models.CharField(max_length=8)
        size = models.IntegerField()

        class Meta(ScopedModel.Meta):
            app_label = "compute"
            ordering = ("name", "size")
            indexes = [
                models.Index(fields=("name",), name="too_short"),
                models.Index(fields=("size", "name"), name="no"),
            ]

    assert without_index([Slow]) == ["Slow: ('name', 'size')"]


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    assert unwritten(ProjectState.from_apps(apps)) == {}


@pytest.mark.django_db
def test_a_missing_migration_is_caught() -> None:
    state = ProjectState.from_apps(apps).clone()
    changed: ModelState = state.models["compute", "flavor"].clone()
    changed.fields["colour"] = models.CharField(max_length=8, default="")
    state.models["compute", "flavor"] = changed
    assert set(unwritten(state)) == {"compute"}

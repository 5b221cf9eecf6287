"""Flavors: made and changed by staff."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from compute.models.catalog import Flavor
from console.core.bus import publish
from console.core.errors import Conflict, Invalid
from console.core.ids import parse_uuid
from console.core.scope import Scope
from console.core.validation import clean_int, clean_name, clean_text
from console.identity.services.changes import change, guard

_BOUNDS = {"vcpus": (1, 128), "memory_mib": (64, 1 << 22), "disk_gib": (1, 1 << 16)}


def flavor_create(
    scope: Scope, *, name: str, vcpus: int, memory_mib: int, disk_gib: int, description: str = ""
) -> Flavor:
    """Make a size. Memory in MiB (64 or more), disk in GiB (1 or more)."""
    guard(scope, "flavor.create", staff=True)
    values = _clean(
        {"name": name, "vcpus": vcpus, "memory_mib": memory_mib, "disk_gib": disk_gib, "description": description}
    )
    with change(scope, "flavor.create") as act:
        try:
            with transaction.atomic():
                flavor: Flavor = Flavor.unscoped.create(**values)
        except IntegrityError as error:
            raise Conflict(_("There is a flavor of that name."), fields={"name": [_("Taken.")]}) from error
        act.about(flavor, **values)
        publish("flavor", flavor.pk, project_id=None, created=True)
    return flavor


def flavor_update(scope: Scope, *, flavor_id: uuid.UUID | str, **values: Any) -> Flavor:
    """Rename, describe, resize, enable or disable. Instances keep the numbers that they were made with."""
    guard(scope, "flavor.update", staff=True)
    values = _clean(values)
    with change(scope, "flavor.update") as act:
        flavor: Flavor = Flavor.objects.get_within(scope, pk=flavor_id)
        for name, value in values.items():
            setattr(flavor, name, value)
        try:
            with transaction.atomic():
                flavor.save()
        except IntegrityError as error:
            raise Conflict(_("There is a flavor of that name."), fields={"name": [_("Taken.")]}) from error
        act.about(flavor, **values)
        publish("flavor", flavor.pk, project_id=None)
    return flavor


def flavor_delete(scope: Scope, *, flavor_id: uuid.UUID | str) -> None:
    """Remove a size from the choice. Instances made with it stay as they are."""
    guard(scope, "flavor.delete", staff=True)
    with change(scope, "flavor.delete") as act:
        flavor: Flavor = Flavor.objects.get_within(scope, pk=flavor_id)
        act.about(flavor)
        publish("flavor", flavor.pk, project_id=None)
        flavor.delete()


def flavor_usable(scope: Scope, flavor_id: uuid.UUID | str) -> Flavor:
    """A flavor that an instance may be made with now; Invalid names the field `flavor` otherwise."""
    flavor = Flavor.objects.within(scope).filter(pk=parse_uuid(flavor_id), enabled=True).first()
    if flavor is None:
        raise Invalid.field("flavor", _("There is no such flavor."))
    found: Flavor = flavor
    return found


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if name == "name":
            cleaned[name] = clean_name(value, limit=64)
        elif name == "description":
            cleaned[name] = clean_text(value, field=name, limit_bytes=255)
        elif name == "enabled":
            cleaned[name] = bool(value)
        elif name not in _BOUNDS:
            raise Invalid.field(name, _("There is no such setting."))
        else:
            low, high = _BOUNDS[name]
            cleaned[name] = clean_int(value, field=name, low=low, high=high)
    return cleaned

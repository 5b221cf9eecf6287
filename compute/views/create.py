"""The page on which an instance is put together."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import replace
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute.forms import InstanceForm
from compute.models.catalog import Flavor
from compute.panels import quota_bars
from compute.selectors import flavor_list, instance_list, key_pair_list
from compute.services.instances import InstanceSpec, instance_create
from console.core.errors import Refusal
from console.core.pages import PageRequest, refuse
from console.core.policies import require_role
from console.core.scope import Role, Scope
from console.core.templatetags.ui import gib, mib, size
from console.identity.models.projects import Resource
from console.identity.navigation import project_crumbs
from console.identity.services.changes import answer_to
from networking.selectors import network_list
from storage.models.images import Image
from storage.selectors import image_list
from storage.states import ImageStatus

Option = dict[str, Any]
_ADVANCED = ("description", "user_data", "count")


@require_http_methods(["GET", "HEAD", "POST"])
def instance_new(request: PageRequest) -> HttpResponse:
    """Show the form, or create what it asks for."""
    scope: Scope = request.caller
    require_role(scope, Role.MEMBER)
    if request.method != "POST":
        return _page(request, InstanceForm(initial=_initial(scope, wanted=request.GET.get("image", ""))), 200)
    form = InstanceForm(request.POST)
    if form.is_valid():
        try:
            return HttpResponseRedirect(_create(request, form.cleaned_data))
        except Refusal as refusal:
            refuse(form, refusal)
    return _page(request, form, 422)


def _initial(scope: Scope, *, wanted: str) -> dict[str, Any]:
    """What is chosen at first: the image that was asked for, the smallest flavor that fits it, the default network."""
    images = [image for image in image_list(scope) if image.status == ImageStatus.ACTIVE]
    image = next((image for image in images if str(image.pk) == wanted), images[0] if images else None)
    need = image.virtual_size if image else 0
    quotas = {bar["key"]: bar for bar in quota_bars(scope)}
    flavors = [flavor for flavor in flavor_list(scope).filter(enabled=True) if not _too_much(flavor, quotas)]
    fitting = [flavor for flavor in flavors if flavor.disk_gib * 1024**3 >= need]
    network = network_list(scope).filter(is_default=True).first()
    key_pair = key_pair_list(scope).first()
    return {
        "name": f"instance-{instance_list(scope).order_by().count() + 1}",
        "image": str(image.pk) if image else "",
        "flavor": str(fitting[0].pk) if fitting else "",
        "network": str(network.pk) if network else "",
        "key_pair": str(key_pair.pk) if key_pair else "",
        "count": 1,
        "token": uuid.uuid4(),
    }


def _create(request: PageRequest, values: dict[str, Any]) -> str:
    """Create, and answer where to go. The same form sent twice leads to the same instances."""
    scope: Scope = request.caller
    project = request.project.slug
    token = values.pop("token") or uuid.uuid4()
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    keyed = replace(scope, idempotency_key=f"page-{token}-{digest[:32]}", fingerprint=digest)
    spec = InstanceSpec(**{**values, "network": values["network"] or None})
    if (answered := answer_to(keyed)) is not None:
        return _result(project, answered.target_id, values["count"])
    try:
        created, _operations = instance_create(keyed, spec)
    except Refusal:
        # A twin may have been faster: then this is the repeat, however it was refused.
        if (answered := answer_to(keyed)) is not None:
            return _result(project, answered.target_id, values["count"])
        raise
    return _result(project, created[0].pk, len(created))


def _result(project: str, instance_id: uuid.UUID | None, count: int) -> str:
    if count == 1 and instance_id is not None:
        return reverse("project:instance", args=[project, instance_id])
    return reverse("project:instances", args=[project])


def _page(request: PageRequest, form: InstanceForm, status: int) -> HttpResponse:
    scope: Scope = request.caller
    slug = request.project.slug
    quotas = quota_bars(scope)
    context = {
        "crumbs": project_crumbs(
            request, (_("Instances"), reverse("project:instances", args=[slug])), (_("Create instance"), "")
        ),
        "form": form,
        "images": [_image(image) for image in sorted(image_list(scope), key=_ready_first)],
        "flavors": [_flavor(flavor, quotas) for flavor in flavor_list(scope).filter(enabled=True)],
        "networks": [_network(network) for network in network_list(scope)],
        "key_pairs": [_no_key(), *(_key_pair(pair) for pair in key_pair_list(scope))],
        "quotas": quotas,
        "advanced_open": any(form.errors.get(name) for name in _ADVANCED) if form.is_bound else False,
        "cancel_url": reverse("project:instances", args=[slug]),
        "image_url": reverse("project:image-create", args=[slug]),
        "flavor_url": reverse("fleet:flavor-create") if scope.is_staff else "",
        "key_pair_url": reverse("project:key-pairs", args=[slug]),
    }
    return render(request, "compute/instance_new.html", context, status=status)


def _ready_first(image: Image) -> tuple[bool, str]:
    return image.status != ImageStatus.ACTIVE, image.name


def _image(image: Image) -> Option:
    option: Option = {"value": str(image.pk), "label": image.name, "hint": image.description}
    if image.status != ImageStatus.ACTIVE:
        return {**option, "disabled": _("Not ready: %(status)s.") % {"status": image.pill.label}}
    need = {Resource.GIGABYTES.value: -(-image.virtual_size // 1024**3), Resource.RAM.value: image.min_memory_mib}
    note = _("%(format)s, disk of %(size)s") % {"format": image.format, "size": size(image.virtual_size)}
    return {**option, "note": note, "needs": json.dumps(need)}


def _cost(flavor: Flavor) -> dict[str, int]:
    return {
        Resource.VCPUS.value: flavor.vcpus,
        Resource.RAM.value: flavor.memory_mib,
        Resource.VOLUMES.value: 1,
        Resource.GIGABYTES.value: flavor.disk_gib,
    }


def _too_much(flavor: Flavor, quotas: dict[str, dict[str, Any]]) -> str:
    """Which quota is too small for the flavor; empty if none is."""
    for key, amount in _cost(flavor).items():
        bar = quotas.get(key)
        if bar and bar["limit"] is not None and bar["used"] + amount > bar["limit"]:
            return str(bar["label"])
    return ""


def _flavor(flavor: Flavor, quotas: list[dict[str, Any]]) -> Option:
    option: Option = {
        "value": str(flavor.pk),
        "label": flavor.name,
        "hint": f"{flavor.vcpus} vCPU · {mib(flavor.memory_mib)} · {gib(flavor.disk_gib)}",
        "note": flavor.description,
        "cost": json.dumps(_cost(flavor)),
    }
    if short := _too_much(flavor, {bar["key"]: bar for bar in quotas}):
        option["disabled"] = _("More than the quota has left: %(what)s.") % {"what": short}
    return option


def _network(network: Any) -> Option:
    return {
        "value": str(network.pk),
        "label": network.name,
        "hint": network.cidr,
        "note": _("Default network") if network.is_default else "",
    }


def _no_key() -> Option:
    return {"value": "", "label": _("None"), "hint": _("Log in by password or user data")}


def _key_pair(pair: Any) -> Option:
    return {"value": str(pair.pk), "label": pair.name, "hint": pair.key_type}

"""The lists of instances, and acts on one or many of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from compute.filters import InstanceFilter
from compute.selectors import instance_get, instance_list
from compute.services import instances
from compute.states import InstanceStatus
from compute.tables import InstanceTable
from console.core.errors import Conflict, Refusal
from console.core.pages import PageRequest, stay
from console.core.paging import keyset_page
from console.core.scope import Role, Scope
from console.identity.navigation import fleet_crumbs, project_crumbs
from console.operations.models.operations import ACTIVE, State
from console.operations.selectors import operation_list
from console.operations.services.operations import operation_cancel, operation_retry

MOST_TOLD = 5
MOST_IN_BULK = 100


def _cancel(scope: Scope, *, instance_id: uuid.UUID) -> None:
    operation = operation_list(scope).filter(target_id=instance_id, state__in=ACTIVE).first()
    if operation is None:
        raise Conflict(_("Nothing is under way any more."), code="operation_ended")
    operation_cancel(scope, operation_id=operation.pk)


def _retry(scope: Scope, *, instance_id: uuid.UUID) -> None:
    operation = operation_list(scope).filter(target_id=instance_id).order_by("-created_at").first()
    if operation is None or operation.state not in (State.FAILED, State.CANCELLED):
        raise Conflict(_("There is nothing to try again."), code="not_retryable")
    operation_retry(scope, operation_id=operation.pk)


Act = Callable[..., Any]

ACTS: dict[str, Act] = {
    "start": instances.instance_start,
    "stop": instances.instance_stop,
    "force-stop": partial(instances.instance_stop, force=True),
    "reboot": instances.instance_reboot,
    "hard-reboot": partial(instances.instance_reboot, hard=True),
    "delete": instances.instance_delete,
    "cancel": _cancel,
    "retry": _retry,
}
BULK = ("start", "stop", "delete")


def _begun(verb: str, name: str) -> str:
    texts = {
        "start": _("“%(name)s” is being started."),
        "stop": _("“%(name)s” is being stopped."),
        "force-stop": _("The plug of “%(name)s” is being pulled."),
        "reboot": _("“%(name)s” is being rebooted."),
        "hard-reboot": _("“%(name)s” is being reset."),
        "delete": _("“%(name)s” is being deleted."),
        "cancel": _("What is under way on “%(name)s” is being cancelled."),
        "retry": _("It is being tried again on “%(name)s”."),
    }
    return texts[verb] % {"name": name}


@require_POST
def instance_action(request: PageRequest, instance_id: uuid.UUID, verb: str) -> HttpResponse:
    """Begin an act on one instance."""
    act = ACTS.get(verb)
    if act is None:
        raise Http404
    instance = instance_get(request.caller, instance_id=instance_id)
    act(request.caller, instance_id=instance_id)
    back = reverse("project:instance", args=[instance.project.slug, instance.pk])
    ending = back if verb == "delete" else ""
    return stay(request, _begun(verb, instance.name), fallback=back, level="info", ending=ending)


@require_POST
def instance_bulk(request: PageRequest, verb: str) -> HttpResponse:
    """Begin an act on many instances: each for itself, with a word for each that refuses."""
    if verb not in BULK:
        raise Http404
    done, refused = 0, []
    for instance_id in request.POST.getlist("ids")[:MOST_IN_BULK]:
        try:
            ACTS[verb](request.caller, instance_id=instance_id)
            done += 1
        except Refusal as refusal:
            refused.append(refusal.message)
    back = reverse("project:instances", args=[request.project.slug]) if request.project else reverse("fleet:instances")
    level = "info" if not refused else "warning" if done else "error"
    return stay(request, _result(verb, done, len(refused)), fallback=back, level=level, hint=_told(refused))


def _result(verb: str, done: int, refused: int) -> str:
    texts = {
        "start": ngettext("%(n)d instance is being started.", "%(n)d instances are being started.", done),
        "stop": ngettext("%(n)d instance is being stopped.", "%(n)d instances are being stopped.", done),
        "delete": ngettext("%(n)d instance is being deleted.", "%(n)d instances are being deleted.", done),
    }
    parts = [texts[verb] % {"n": done}] if done or not refused else []
    if refused:
        parts.append(ngettext("%(n)d refused.", "%(n)d refused.", refused) % {"n": refused})
    return " ".join(parts)


def _told(reasons: list[str]) -> str:
    told = reasons[:MOST_TOLD]
    if len(reasons) > MOST_TOLD:
        told.append(_("and %(n)d more") % {"n": len(reasons) - MOST_TOLD})
    return " ".join(told)


@require_safe
def instance_list_page(request: PageRequest) -> HttpResponse:
    """The instances of a project."""
    return _list(request, crumbs=project_crumbs(request, (_("Instances"), "")))


@require_safe
def fleet_list_page(request: PageRequest) -> HttpResponse:
    """The instances of all projects, for the fleet's keepers."""
    return _list(request, crumbs=fleet_crumbs((_("All instances"), "")))


def _list(request: PageRequest, *, crumbs: list[dict[str, Any]]) -> HttpResponse:
    scope: Scope = request.caller
    filters = InstanceFilter(request.GET, queryset=instance_list(scope), sees_hosts=scope.is_staff)
    rows = filters.qs
    sort = request.GET.get("sort", "")
    page = keyset_page(request, rows, order=InstanceTable.keys(sort))
    table = InstanceTable(scope, page.rows, sort=sort)
    filtered = any(request.GET.get(name) for name in ("q", "status", "name"))
    create = _create_action(request)
    return render(
        request,
        "compute/instances.html",
        {
            "crumbs": crumbs,
            "table": table,
            "pager": page.pager,
            "count": rows.order_by().count(),
            "filter": _filter_bar(request) if page.rows or filtered else None,
            "bulk_actions": _bulk_actions(request) if page.rows and scope.may(Role.MEMBER) else [],
            "create": create,
            "empty": _empty(request, filtered=filtered, create=create),
        },
    )


def _create_action(request: PageRequest) -> dict[str, Any] | None:
    if request.project is None:
        return None
    action = {"label": _("Create instance"), "icon": "plus", "primary": True, "method": "get"}
    if not request.caller.may(Role.MEMBER):
        return {**action, "disabled": _("This needs the role “member”.")}
    return {**action, "url": reverse("project:instance-create", args=[request.project.slug])}


def _filter_bar(request: PageRequest) -> dict[str, Any]:
    statuses = [{"value": status.value, "label": str(status.label).capitalize()} for status in InstanceStatus]
    return {
        "query": request.GET.get("q", ""),
        "selects": [
            {
                "name": "status",
                "label": _("Any status"),
                "value": request.GET.get("status", ""),
                "options": statuses,
            }
        ],
        "hidden": {name: request.GET[name] for name in ("sort", "per") if request.GET.get(name)},
    }


def _bulk_actions(request: PageRequest) -> list[dict[str, Any]]:
    def url(verb: str) -> str:
        if request.project:
            return reverse("project:instance-bulk", args=[request.project.slug, verb])
        return reverse("fleet:instance-bulk", args=[verb])

    return [
        {"label": _("Start"), "icon": "player-play", "url": url("start")},
        {
            "label": _("Stop"),
            "icon": "player-stop",
            "url": url("stop"),
            "confirm": {
                "title": _("Stop {n} instances?"),
                "text": _("Each guest is asked to shut down. If it still runs after %(seconds)d s, the plug is pulled.")
                % {"seconds": instances.STOP_SECONDS},
                "button": _("Stop instances"),
            },
        },
        {
            "label": _("Delete"),
            "icon": "trash",
            "danger": True,
            "url": url("delete"),
            "confirm": {
                "title": _("Delete {n} instances?"),
                "text": _("Their disks and all that is on them go for good. Images and key pairs stay."),
                "type": "count",
                "button": _("Delete instances"),
            },
        },
    ]


def _empty(request: PageRequest, *, filtered: bool, create: dict[str, Any] | None) -> dict[str, Any]:
    if filtered:
        return {"kind": "match", "clear_url": request.path}
    return {
        "kind": "first",
        "icon": "server",
        "title": _("No instances yet"),
        "text": _("An instance is a virtual machine: an image, a size and a network, running in under a minute.")
        if create
        else _("As soon as somebody creates one, in whichever project, it stands here."),
        "action": create,
    }

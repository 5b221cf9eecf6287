"""What can be done to an instance now: one list for rows, detail pages and pushes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compute.models.instances import Instance
from compute.services.instances import STOP_SECONDS
from compute.states import InstanceStatus, may
from console.core.scope import Role, Scope
from console.core.templatetags.ui import action_menu

Action = dict[str, Any]
S = InstanceStatus
_ON = frozenset({S.RUNNING, S.PAUSED, S.BUILDING, S.STARTING, S.STOPPING, S.REBOOTING})


def instance_url(instance: Instance, page: str = "instance") -> str:
    """The address of one of an instance's pages."""
    return reverse(f"project:{page}", args=[instance.project.slug, instance.pk])


def _reason(verb: str, status: InstanceStatus, changes: bool) -> str:
    """Why a verb cannot be used now; empty where it can."""
    if not changes:
        return _("This needs the role “member”.")
    if may(verb, status):
        return ""
    if verb == "start" and status in (InstanceStatus.RUNNING, InstanceStatus.PAUSED):
        return _("It is running already.")
    if verb in ("stop", "reboot", "console") and status in (InstanceStatus.STOPPED, InstanceStatus.CRASHED):
        return _("It is not running.")
    return _("Not possible while it is %(status)s.") % {"status": status.label}


def verbs(status: InstanceStatus, *, changes: bool, url: str, name: str) -> dict[str, Action]:
    """Every act on an instance by its verb. `url` is the address of its page, `changes` whether the viewer may act."""
    post = f"{url}actions/"
    stop_text = _("The guest is asked to shut down. If it still runs after %(seconds)d s, the plug is pulled.") % {
        "seconds": STOP_SECONDS
    }
    actions: dict[str, Action] = {
        "start": {"label": _("Start"), "icon": "player-play", "url": f"{post}start/"},
        "stop": {
            "label": _("Stop"),
            "icon": "player-stop",
            "url": f"{post}stop/",
            "confirm": {
                "title": _("Stop “%(name)s”?") % {"name": name},
                "text": stop_text,
                "button": _("Stop instance"),
            },
        },
        "force-stop": {
            "label": _("Force stop"),
            "icon": "plug-off",
            "url": f"{post}force-stop/",
            "divider": True,
            "danger": True,
            "confirm": {
                "title": _("Force “%(name)s” to stop?") % {"name": name},
                "text": _("The plug is pulled at once: what the guest has not written to its disk is lost."),
                "button": _("Pull the plug"),
            },
        },
        "reboot": {
            "label": _("Reboot"),
            "icon": "refresh",
            "url": f"{post}reboot/",
            "confirm": {
                "title": _("Reboot “%(name)s”?") % {"name": name},
                "text": _("The guest is asked to restart. A guest that does not listen keeps running."),
                "button": _("Reboot instance"),
            },
        },
        "hard-reboot": {
            "label": _("Hard reboot"),
            "icon": "rotate-clockwise",
            "url": f"{post}hard-reboot/",
            "danger": True,
            "confirm": {
                "title": _("Reset “%(name)s”?") % {"name": name},
                "text": _("As by the reset button: what the guest has not written to its disk is lost."),
                "button": _("Reset instance"),
            },
        },
        "console": {"label": _("Console"), "icon": "terminal-2", "url": f"{url}console/", "method": "get"},
        "delete": {
            "label": _("Delete"),
            "icon": "trash",
            "url": f"{post}delete/",
            "danger": True,
            "divider": True,
            "confirm": {
                "title": _("Delete instance “%(name)s”") % {"name": name},
                "text": _(
                    "The guest, its disks and all that is on them go for good, and so do its addresses."
                    " The image and the key pair stay."
                ),
                "type": "name",
                "expect": name,
                "button": _("Delete instance"),
            },
        },
    }
    base_verbs = {"force-stop": "stop", "hard-reboot": "reboot"}
    for verb, action in actions.items():
        if reason := _reason(base_verbs.get(verb, verb), status, changes):
            action["disabled"] = reason
    if status == InstanceStatus.DELETING and changes:
        actions["delete"]["disabled"] = _("It is being deleted.")
    return actions


def may_change(scope: Scope) -> bool:
    """Whether the viewer may do anything to the instances he sees."""
    return scope.may(Role.MEMBER)


_ID, _NAME, _URL = "0id0", "0name0", "0url0"
_BLANKS = re.compile("|".join((_ID, _NAME, _URL)))


@lru_cache(maxsize=256)
def _menu_blank(_language: str, status: InstanceStatus, changes: bool) -> str:
    """A row's menu with blanks for id, name and address: fifty rows share a few of them."""
    offered = verbs(status, changes=changes, url=_URL, name=_NAME)
    shown = [offered[verb] for verb in ("start", "stop", "reboot", "console", "delete")]
    return str(action_menu(f"instance-menu-{_ID}", shown, label=_("Actions for %(name)s") % {"name": _NAME}))


def row_menu(instance: Instance, url: str, *, changes: bool) -> SafeString:
    """The menu of a row. All blanks are filled in one pass, so no name can smuggle in another blank."""
    values = {_ID: str(instance.pk), _NAME: str(conditional_escape(instance.name)), _URL: url}
    blank = _menu_blank(get_language() or "", instance.shown, changes)
    return mark_safe(_BLANKS.sub(lambda match: values[match.group()], blank))  # noqa: S308 - the name is escaped


def detail_actions(instance: Instance, scope: Scope) -> dict[str, Any]:
    """The actions of a detail page: the likely next one, the console, and all others."""
    status = instance.shown
    url = instance_url(instance)
    offered = verbs(status, changes=may_change(scope), url=url, name=instance.name)
    offered["delete"]["confirm"]["body"] = "delete-explained"
    following = "stop" if status in _ON else "start"
    offered["start"]["primary"] = True
    rest = {
        "start": ("delete",),
        "stop": ("reboot", "force-stop", "hard-reboot", "delete"),
    }[following]
    if status == S.UNKNOWN:
        rest = ("stop", "reboot", "force-stop", "hard-reboot", "delete")
    return {"next": offered[following], "console": offered["console"], "more": [offered[verb] for verb in rest]}

"""Tables of identity pages."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.pills import Pill
from console.core.scope import Role, Scope
from console.core.tables import LeanTable
from console.core.templatetags.ui import action_menu, relative_time, status_pill
from console.identity.models.audit import AuditEvent, Outcome
from console.identity.models.projects import ApiToken, Membership, Project
from console.identity.models.users import User
from console.identity.navigation import ROLE_LABELS

NAME = {"td": {"class": "col-name"}}
TIGHT = {"td": {"class": "col-tight"}}
NUMBER = {"td": {"class": "col-num"}, "th": {"class": "col-num"}}

_ENABLED = Pill(gettext_lazy("Enabled"), "green", "circle-check")
_DISABLED = Pill(gettext_lazy("Disabled"), "grey", "ban")
_TOKEN_PILLS = {
    "active": Pill(gettext_lazy("Active"), "green", "circle-check"),
    "expired": Pill(gettext_lazy("Expired"), "grey", "clock"),
    "revoked": Pill(gettext_lazy("Revoked"), "grey", "ban"),
}
_OUTCOME_PILLS = {
    Outcome.DONE: Pill(gettext_lazy("Done"), "green", "check"),
    Outcome.ACCEPTED: Pill(gettext_lazy("Accepted"), "azure", "clock"),
    Outcome.REFUSED: Pill(gettext_lazy("Refused"), "orange", "ban"),
    Outcome.FAILED: Pill(gettext_lazy("Failed"), "red", "alert-circle"),
}


def quiet(action: dict[str, Any]) -> dict[str, Any]:
    """A dangerous act as a plain button, for heads of pages: the red waits in its dialog."""
    if not action.get("danger") or "confirm" not in action:
        return action
    return {**action, "danger": False, "confirm": {**action["confirm"], "danger": True}}


def enabled_pill(enabled: bool) -> Pill:
    return _ENABLED if enabled else _DISABLED


def _name(text: Any, sub: Any = "", url: str = "") -> Any:
    face = (
        format_html('<a href="{}">{}</a>', url, text) if url else format_html('<span class="cell-name">{}</span>', text)
    )
    return format_html('<div>{}<span class="cell-sub">{}</span></div>', face, sub) if sub else face


class MemberTable(LeanTable):
    live_region = "member.row"

    name = tables.Column(verbose_name=gettext_lazy("Name"), orderable=False, attrs=NAME)
    role = tables.Column(verbose_name=gettext_lazy("Role"), orderable=False, attrs=TIGHT)
    since = tables.Column(verbose_name=gettext_lazy("Member since"), orderable=False, attrs=TIGHT)
    actions = tables.Column(orderable=False)

    def __init__(self, rows: Any, *, scope: Scope) -> None:
        self.scope = scope
        super().__init__(rows)

    def render_name(self, record: Membership) -> Any:
        you = format_html(' <span class="text-secondary">({})</span>', _("you"))
        own = record.user_id == self.scope.user_id
        face = format_html("{}{}", record.user, you if own else "")
        return _name(face, record.user.username if record.user.full_name else "")

    def render_role(self, record: Membership) -> Any:
        return ROLE_LABELS.get(record.role, record.role)

    def render_since(self, record: Membership) -> Any:
        return relative_time(record.created_at)

    def render_actions(self, record: Membership) -> Any:
        return action_menu(
            f"menu-{record.pk}",
            member_actions(record, self.scope),
            label=_("Actions for %(name)s") % {"name": record.user},
        )


def member_actions(record: Membership, scope: Scope) -> list[dict[str, Any]]:
    """Change the role, and out; for oneself the way out is "leave"."""
    reason = "" if scope.may(Role.ADMIN) else _("Only administrators of the project may do this.")
    args = [record.project.slug, record.pk]
    words = {"name": record.user, "project": record.project.name}
    icons = {Role.READER: "eye", Role.MEMBER: "user", Role.ADMIN: "user-shield"}
    found: list[dict[str, Any]] = [
        {
            "label": _("Make %(role)s") % {"role": str(ROLE_LABELS[role]).lower()},
            "icon": icons[role],
            "url": reverse("project:member-role", args=args),
            "values": {"role": role.value},
            "disabled": reason,
        }
        for role in Role
        if role != record.role
    ]
    own = record.user_id == scope.user_id
    found.append(
        {
            "label": _("Leave project") if own else _("Remove from project"),
            "icon": "logout" if own else "user-minus",
            "url": reverse("project:member-remove", args=args),
            "danger": True,
            "divider": True,
            "disabled": "" if own else reason,
            "confirm": {
                "title": (_("Leave %(project)s") if own else _("Remove %(name)s from %(project)s")) % words,
                "text": _(
                    "Access ends at once, and so do the API tokens of this person in this project. Instances stay."
                ),
                "button": _("Leave project") if own else _("Remove member"),
            },
        }
    )
    return found


class TokenTable(LeanTable):
    name = tables.Column(verbose_name=gettext_lazy("Name"), orderable=False, attrs=NAME)
    owner = tables.Column(verbose_name=gettext_lazy("Owner"), orderable=False)
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False, attrs=TIGHT)
    expires = tables.Column(verbose_name=gettext_lazy("Expires"), orderable=False, attrs=TIGHT)
    used = tables.Column(verbose_name=gettext_lazy("Last used"), orderable=False, attrs=TIGHT)
    created = tables.Column(verbose_name=gettext_lazy("Created"), orderable=False, attrs=TIGHT)
    actions = tables.Column(orderable=False)

    def __init__(self, rows: Any, *, slug: str) -> None:
        self.slug = slug
        super().__init__(rows)

    def render_name(self, record: ApiToken) -> Any:
        return _name(record.name)

    def render_owner(self, record: ApiToken) -> Any:
        return record.user

    def render_state(self, record: ApiToken) -> Any:
        return status_pill(_TOKEN_PILLS[token_state(record)])

    def render_expires(self, record: ApiToken) -> Any:
        if record.expires_at is None:
            return _("Never")
        return format_html(
            '<time datetime="{}">{}</time>', record.expires_at.isoformat(), timezone.localtime(record.expires_at).date()
        )

    def render_used(self, record: ApiToken) -> Any:
        return relative_time(record.last_used_at) if record.last_used_at else _("Never")

    def render_created(self, record: ApiToken) -> Any:
        return relative_time(record.created_at)

    def render_actions(self, record: ApiToken) -> Any:
        revoked = record.revoked_at is not None
        action = {
            "label": _("Revoke"),
            "icon": "ban",
            "url": reverse("project:token-revoke", args=[self.slug, record.pk]),
            "danger": True,
            "disabled": _("It is revoked already.") if revoked else "",
            "confirm": {
                "title": _("Revoke token %(name)s") % {"name": record.name},
                "text": _("Whatever uses it is refused from now on. This cannot be taken back."),
                "button": _("Revoke token"),
            },
        }
        return action_menu(f"menu-{record.pk}", [action], label=_("Actions for %(name)s") % {"name": record.name})


def token_state(token: ApiToken) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and token.expires_at <= timezone.now() else "active"


class AuditTable(LeanTable):
    time = tables.Column(verbose_name=gettext_lazy("Time"), orderable=False, attrs=TIGHT)
    actor = tables.Column(verbose_name=gettext_lazy("Actor"), orderable=False)
    action = tables.Column(verbose_name=gettext_lazy("Action"), orderable=False)
    target = tables.Column(verbose_name=gettext_lazy("Target"), orderable=False)
    project = tables.Column(verbose_name=gettext_lazy("Project"), orderable=False)
    outcome = tables.Column(verbose_name=gettext_lazy("Outcome"), orderable=False, attrs=TIGHT)
    request = tables.Column(verbose_name=gettext_lazy("Request"), orderable=False)

    def render_time(self, record: AuditEvent) -> Any:
        return relative_time(record.created_at)

    def render_actor(self, record: AuditEvent) -> Any:
        return record.actor_name or record.detail.get("username") or "Virtdeck"

    def render_action(self, record: AuditEvent) -> Any:
        return format_html("<code>{}</code>", record.action)

    def render_target(self, record: AuditEvent) -> Any:
        note = _note_of(record)
        if record.target_name:
            return _name(record.target_name, note)
        return format_html('<span class="cell-sub">{}</span>', note) if note else ""

    def render_project(self, record: AuditEvent) -> Any:
        return record.project

    def render_outcome(self, record: AuditEvent) -> Any:
        return status_pill(_OUTCOME_PILLS[Outcome(record.outcome)])

    def render_request(self, record: AuditEvent) -> Any:
        if not record.request_id:
            return ""
        return format_html('<code title="{0}">{1}</code>', record.request_id, record.request_id[:12])


def _note_of(record: AuditEvent) -> str:
    """The detail of an event on one line: the reason first, else what was set."""
    if message := record.detail.get("message"):
        return str(message)
    hidden = {"username", "code", "state", "subject", "message", "operation"}
    pairs = [f"{key}: {_plain(value)}" for key, value in record.detail.items() if key not in hidden and value != ""]
    return ", ".join(pairs)[:200]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return "; ".join(f"{key} {inner}" for key, inner in value.items())
    return str(value)


class ProjectTable(LeanTable):
    live_region = "project.row"

    name = tables.Column(verbose_name=gettext_lazy("Name"), orderable=False, attrs=NAME)
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False, attrs=TIGHT)
    description = tables.Column(verbose_name=gettext_lazy("Description"), orderable=False)
    members = tables.Column(verbose_name=gettext_lazy("Members"), orderable=False, attrs=NUMBER)
    created = tables.Column(verbose_name=gettext_lazy("Created"), orderable=False, attrs=TIGHT)
    actions = tables.Column(orderable=False)

    def render_name(self, record: Project) -> Any:
        return _name(record.name, f"/p/{record.slug}/", reverse("project:overview", args=[record.slug]))

    def render_state(self, record: Project) -> Any:
        return status_pill(enabled_pill(record.enabled))

    def render_description(self, record: Project) -> Any:
        return record.description

    def render_members(self, record: Any) -> Any:
        url = reverse("project:members", args=[record.slug])
        return format_html('<a href="{}">{}</a>', url, record.member_count)

    def render_created(self, record: Project) -> Any:
        return relative_time(record.created_at)

    def render_actions(self, record: Project) -> Any:
        return action_menu(
            f"menu-{record.pk}", project_actions(record), label=_("Actions for %(name)s") % {"name": record.name}
        )


def project_actions(project: Project) -> list[dict[str, Any]]:
    switch: dict[str, Any] = {
        "label": _("Disable project") if project.enabled else _("Enable project"),
        "icon": "ban" if project.enabled else "circle-check",
        "url": reverse("fleet:project-enable", args=[project.pk]),
        "values": {"enabled": "" if project.enabled else "1"},
        "divider": True,
    }
    if project.enabled:
        switch["danger"] = True
        switch["confirm"] = {
            "title": _("Disable project %(name)s") % {"name": project.name},
            "text": _("Its members and their API tokens are locked out at once. Its instances run on."),
            "button": _("Disable project"),
        }
    links = [
        (_("Edit"), "pencil", reverse("fleet:project", args=[project.pk])),
        (_("Members"), "users", reverse("project:members", args=[project.slug])),
        (_("Quotas"), "gauge", reverse("project:quotas", args=[project.slug])),
        (_("Audit"), "shield-check", f"{reverse('fleet:audit')}?project={project.slug}"),
    ]
    return [*({"label": label, "icon": icon, "url": url, "method": "get"} for label, icon, url in links), switch]


class UserTable(LeanTable):
    name = tables.Column(verbose_name=gettext_lazy("Login name"), orderable=False, attrs=NAME)
    full_name = tables.Column(verbose_name=gettext_lazy("Full name"), orderable=False)
    email = tables.Column(verbose_name=gettext_lazy("E-mail"), orderable=False)
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False, attrs=TIGHT)
    staff = tables.Column(verbose_name=gettext_lazy("Staff"), orderable=False, attrs=TIGHT)
    seen = tables.Column(verbose_name=gettext_lazy("Last login"), orderable=False, attrs=TIGHT)
    actions = tables.Column(orderable=False)

    def __init__(self, rows: Any, *, scope: Scope) -> None:
        self.scope = scope
        super().__init__(rows)

    def render_name(self, record: User) -> Any:
        return _name(record.username, url=reverse("fleet:user", args=[record.pk]))

    def render_full_name(self, record: User) -> Any:
        return record.full_name

    def render_email(self, record: User) -> Any:
        return record.email

    def render_state(self, record: User) -> Any:
        return status_pill(enabled_pill(record.is_active))

    def render_staff(self, record: User) -> Any:
        return _("Yes") if record.is_staff else ""

    def render_seen(self, record: User) -> Any:
        return relative_time(record.last_login) if record.last_login else _("Never")

    def render_actions(self, record: User) -> Any:
        return action_menu(
            f"menu-{record.pk}",
            user_actions(record, self.scope),
            label=_("Actions for %(name)s") % {"name": record.username},
        )


def user_actions(user: User, scope: Scope) -> list[dict[str, Any]]:
    """Enable or disable, make staff or not; one does not lock oneself out by a slip."""
    own = user.pk == scope.user_id
    reason = _("This is your own account.") if own else ""
    url = reverse("fleet:user-change", args=[user.pk])
    words = {"name": user.username}
    staff: dict[str, Any] = {
        "label": _("Take staff rights") if user.is_staff else _("Make staff"),
        "icon": "user-minus" if user.is_staff else "user-shield",
        "url": url,
        "values": {"is_staff": "" if user.is_staff else "1"},
        "disabled": reason,
        "confirm": {
            "title": (_("Take staff rights from %(name)s") if user.is_staff else _("Make %(name)s staff")) % words,
            "text": _("Staff keep the whole cloud: hosts, every project, every user."),
            "button": _("Take staff rights") if user.is_staff else _("Make staff"),
            "danger": user.is_staff,
        },
    }
    active: dict[str, Any] = {
        "label": _("Disable user") if user.is_active else _("Enable user"),
        "icon": "ban" if user.is_active else "circle-check",
        "url": url,
        "values": {"is_active": "" if user.is_active else "1"},
        "disabled": reason,
        "divider": True,
        "danger": user.is_active,
    }
    if user.is_active:
        active["confirm"] = {
            "title": _("Disable user %(name)s") % words,
            "text": _("Sessions and API tokens end at once. Instances stay."),
            "button": _("Disable user"),
        }
    return [
        {
            "label": _("Open"),
            "icon": "user-circle",
            "url": reverse("fleet:user", args=[user.pk]),
            "method": "get",
        },
        staff,
        active,
    ]

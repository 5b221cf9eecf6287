"""Template tags for the pages: icons, units, times, status pills, actions and form widgets.

What appears in every row of a table (pill, time, row menu) is built here with format_html instead of an included
template: a list of fifty rows renders several hundred of them. The functions are plain Python, so tables and socket
consumers call them too.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.forms.utils import flatatt
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

EMPTY = "-"
BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
PILL_TONES = frozenset({"green", "grey", "yellow", "azure", "red", "orange", "unknown"})
PILL_MARKS = {"red": {"icon": "alert-circle"}, "unknown": {"icon": "help-circle"}}
MINUTE, HOUR, DAY = 60, 3600, 86400


def _read(source: Any, key: str, default: Any = "") -> Any:
    """Return source[key] or source.key: pills and actions may be dicts or dataclasses."""
    value = source.get(key, default) if isinstance(source, Mapping) else getattr(source, key, default)
    return default if value is None else value


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """Draw an icon of the sprite; without a label it is hidden from assistive technology.

    The build collects the names from templates and Python by pattern: write icon="server" literally somewhere.
    """
    if not name:
        return mark_safe("")
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" {}><use href="{}#{}"></use></svg>',
        f" {css}" if css else "",
        role,
        static("icons.svg"),
        name,
    )


# Units


def _number(value: float) -> str:
    digits = 0 if value >= 100 or float(value).is_integer() else 1
    return str(formats.number_format(round(value, digits), decimal_pos=digits))


def _binary(value: Any, start: int, suffix: str = "") -> str:
    if value in (None, ""):
        return EMPTY
    amount, unit = float(value), start
    while abs(amount) >= 1024 and unit < len(BINARY_UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{_number(amount)}\N{NO-BREAK SPACE}{BINARY_UNITS[unit]}{suffix}"


@register.filter
def size(value: Any) -> str:
    """Show bytes as B, KiB, MiB, GiB ..."""
    return _binary(value, 0)


@register.filter
def mib(value: Any) -> str:
    """Show a number of MiB as MiB, GiB or TiB."""
    return _binary(value, 2)


@register.filter
def gib(value: Any) -> str:
    """Show a number of GiB as GiB or TiB."""
    return _binary(value, 3)


@register.filter
def rate(value: Any) -> str:
    """Show bytes per second."""
    return _binary(value, 0, "/s")


@register.filter
def percent(value: Any) -> str:
    """Show a number between 0 and 100 with its sign."""
    return EMPTY if value in (None, "") else f"{_number(float(value))}\N{NO-BREAK SPACE}%"


@register.filter
def dash(value: Any) -> Any:
    """Show '-' where there is nothing; zero is something."""
    return EMPTY if value is None or value == "" or value == [] else value


@register.filter
def duration(value: Any) -> str:
    """Show seconds (or a timedelta) in its two largest units."""
    if value in (None, ""):
        return EMPTY
    seconds = int(value.total_seconds() if hasattr(value, "total_seconds") else value)
    if seconds < 1:
        return _("under 1 s")
    if seconds < MINUTE:
        return _("%(n)d s") % {"n": seconds}
    if seconds < HOUR:
        return _("%(m)d min %(s)d s") % {"m": seconds // MINUTE, "s": seconds % MINUTE}
    if seconds < DAY:
        return _("%(h)d h %(m)d min") % {"h": seconds // HOUR, "m": seconds % HOUR // MINUTE}
    return _("%(d)d d %(h)d h") % {"d": seconds // DAY, "h": seconds % DAY // HOUR}


@register.filter
def initials(name: Any) -> str:
    """Return one or two letters for an avatar."""
    words = str(name or "?").replace("@", " ").replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def bar_tone(used: Any, limit: Any) -> str:
    """Return the class of a bar: nothing below 80 %, a warning above, full at the limit."""
    if not limit or used is None:
        return ""
    share = float(used) / float(limit)
    return "progress-full" if share >= 1 else "progress-warn" if share >= 0.8 else ""


# Times


def _ago(seconds: int) -> str:
    if seconds < 10:
        return _("just now")
    if seconds < MINUTE:
        return _("%(n)d s ago") % {"n": seconds}
    if seconds < HOUR:
        return _("%(n)d min ago") % {"n": seconds // MINUTE}
    if seconds < DAY:
        return _("%(n)d h ago") % {"n": seconds // HOUR}
    days = seconds // DAY
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


@register.simple_tag
def relative_time(value: datetime | None) -> SafeString:
    """Show how long ago it was; the title has the absolute time, the browser keeps the text fresh."""
    if not value:
        return format_html("{}", EMPTY)
    if timezone.is_naive(value):
        value = value.replace(tzinfo=UTC)
    seconds = int((timezone.now() - value).total_seconds())
    text = _ago(seconds) if seconds >= -5 else formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    return format_html(
        '<time class="rel" datetime="{}" title="{}">{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        formats.date_format(timezone.localtime(value), "DATETIME_FORMAT"),
        text,
    )


# Status


@register.simple_tag
def status_pill(pill: Any) -> SafeString:
    """Render {label, tone, icon, title, busy}: text, shape and colour, so that colour is never alone."""
    if not pill:
        return format_html("{}", EMPTY)
    tone = _read(pill, "tone", "unknown")
    tone = tone if tone in PILL_TONES else "unknown"  # "outline" is its other name
    name = _read(pill, "icon") or PILL_MARKS.get(tone, {}).get("icon", "")
    if _read(pill, "busy", False):
        mark = mark_safe('<span class="pill-spin" aria-hidden="true"></span>')
    elif name:
        mark = icon(name)
    else:
        mark = mark_safe('<span class="pill-dot" aria-hidden="true"></span>')
    title = _read(pill, "title")
    return format_html(
        '<span class="pill pill-{}"{}>{}<span>{}</span></span>',
        tone,
        format_html(' title="{}"', title) if title else "",
        mark,
        _read(pill, "label"),
    )


# Actions


def action_attributes(action: Any) -> dict[str, Any]:
    """Return the HTML attributes that make an element carry out an action, with its confirmation."""
    attributes: dict[str, Any] = {}
    if _read(action, "disabled"):
        attributes["aria-disabled"] = "true"
        return attributes
    if _read(action, "method", "post").lower() == "get":
        attributes["href"] = _read(action, "url")
    else:
        attributes["hx-post"] = _read(action, "url")
        attributes["hx-swap"] = "none"
        attributes["hx-disable"] = "this"
        if values := _read(action, "values", None):
            attributes["hx-vals"] = json.dumps(values)
        if include := _read(action, "include"):
            attributes["hx-include"] = include
    confirm = _read(action, "confirm", None)
    if confirm:
        attributes["data-confirm-title"] = _read(confirm, "title")
        for key in ("text", "body", "src", "type", "expect", "button"):
            if value := _read(confirm, key):
                attributes[f"data-confirm-{key}"] = value
        if _read(confirm, "danger", _read(action, "danger", False)):
            attributes["data-confirm-danger"] = "true"
    return attributes


def _action(action: Any, css: str, note_class: str) -> SafeString:
    reason = _read(action, "disabled")
    attributes = action_attributes(action)
    tag = "a" if "href" in attributes else "button"
    if tag == "button":
        attributes = {"type": "button", **attributes}
    if reason:
        attributes["title"] = reason
    note = format_html('<span class="{}">{}</span>', note_class, reason) if reason else ""
    return format_html(
        '<{} class="{}"{}>{}<span>{}</span>{}</{}>',
        tag,
        css,
        flatatt(attributes),
        icon(_read(action, "icon")),
        _read(action, "label"),
        note,
        tag,
    )


@register.simple_tag
def action_button(action: Any, css: str = "") -> SafeString:
    """Render one action as a button; a disabled one stays focusable and says why in its title."""
    if not action:
        return mark_safe("")
    tone = "btn-primary" if _read(action, "primary", False) else "btn-danger" if _read(action, "danger", False) else ""
    return _action(action, " ".join(filter(None, ["btn", tone, css])), "visually-hidden")


@register.simple_tag
def action_menu(id: str, actions: Iterable[Any], label: str = "", text: str = "", css: str = "") -> SafeString:
    """Render a menu of actions behind a button: three dots, or `text` where it is given."""
    items = list(actions or ())
    if not items:
        return mark_safe("")
    label = label or _("Actions")
    if text:
        face = format_html("<span>{}</span>{}", text, icon("chevron-down", css="icon-sm"))
        name: SafeString | str = ""
        look = f"btn {css}".strip()
    else:
        face = icon("dots-vertical")
        name = format_html(' aria-label="{}" title="{}"', label, label)
        look = f"btn btn-ghost btn-icon {css}".strip()
    rows = format_html_join(
        "",
        "{}<li>{}</li>",
        (
            (
                mark_safe('<li class="dropdown-divider" aria-hidden="true"></li>')
                if _read(item, "divider", False)
                else "",
                _action(
                    item, "dropdown-item text-danger" if _read(item, "danger", False) else "dropdown-item", "item-note"
                ),
            )
            for item in items
        ),
    )
    return format_html(
        '<button type="button" class="{}" popovertarget="{}" aria-haspopup="true"{}>{}</button>'
        '<ul class="dropdown-menu menu" id="{}" popover aria-label="{}">{}</ul>',
        look,
        id,
        name,
        face,
        id,
        label,
        rows,
    )


# Forms


@register.filter
def widget_kind(field: BoundField) -> str:
    """Return 'check', 'choices', 'select' or 'input': how the field is laid out."""
    widget = field.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, Select):
        return "select"
    return "input"


@register.simple_tag
def field_widget(field: BoundField, **attrs: Any) -> SafeString:
    """Render a bound field's widget in the house style; Django links help and error texts by itself."""
    css = {"check": "form-check-input", "select": "form-select", "choices": "", "input": "form-control"}[
        widget_kind(field)
    ]
    classes = [
        field.field.widget.attrs.get("class", ""),
        css,
        attrs.pop("css", ""),
        "is-invalid" if field.errors else "",
    ]
    merged = {key.replace("_", "-"): value for key, value in attrs.items()}
    if joined := " ".join(filter(None, classes)):
        merged["class"] = joined
    return field.as_widget(attrs=merged)


@register.filter
def dom_id(value: Any) -> str:
    """Return text that is safe as part of an id attribute."""
    return slugify(str(value)) or "x"


@register.filter
def get(mapping: Any, key: str) -> Any:
    """Look a key up in a mapping, None where it is not there."""
    return mapping.get(key) if isinstance(mapping, Mapping) else None


# Blocks


@register.simple_block_tag
def card(content: str, title: str = "", icon_name: str = "", css: str = "", id: str = "", hint: str = "") -> SafeString:
    """Wrap content in a card with a heading: {% card title=... %} ... {% endcard %}."""
    heading = ""
    if title:
        heading = format_html(
            '<div class="card-header"><h2 class="card-title">{}{}</h2>{}</div>',
            icon(icon_name),
            title,
            format_html('<p class="card-subtitle">{}</p>', hint) if hint else "",
        )
    return format_html(
        '<section class="card {}"{}>{}<div class="card-body">{}</div></section>',
        css,
        format_html(' id="{}"', id) if id else "",
        heading,
        content,
    )


@register.simple_block_tag
def menu(
    content: str, id: str, label: str, icon_name: str = "", css: str = "btn", hide_label: bool = False
) -> SafeString:
    """Put free content into a menu behind a button: {% menu id="m" label=... %} ... {% endmenu %}."""
    return format_html(
        '<button type="button" class="{}" popovertarget="{}" aria-haspopup="true"{}>{}{}</button>'
        '<div class="dropdown-menu menu" id="{}" popover>{}</div>',
        css,
        id,
        format_html(' aria-label="{}" title="{}"', label, label) if hide_label else "",
        icon(icon_name),
        "" if hide_label else format_html("<span>{}</span>", label),
        id,
        content,
    )


# Words for the scripts


@register.simple_tag
def ui_strings() -> SafeString:
    """Write the texts the scripts need, in the viewer's language, as a JSON element."""
    words = {
        "cancel": _("Cancel"),
        "close": _("Close"),
        "confirm": _("Confirm"),
        "ago": {
            unit: words.replace("%(n)d", "%s")
            for unit, words in {
                "second": _("%(n)d s ago"),
                "minute": _("%(n)d min ago"),
                "hour": _("%(n)d h ago"),
                "day": ngettext("%(n)d day ago", "%(n)d days ago", 1),
                "days": ngettext("%(n)d day ago", "%(n)d days ago", 2),
            }.items()
        },
        "copied": _("Copied"),
        "copyFailed": _("Could not copy"),
        "deleted": _("Deleted"),
        "error": _("Something went wrong"),
        "errorTime": _("The server did not answer in time. Try again."),
        "errorNetwork": _("The server cannot be reached. Check your connection, then try again."),
        "errorLogin": _("You are logged out. Log in again, then repeat what you did."),
        "errorForbidden": _("You may not do this here."),
        "errorMissing": _("It is not there any more."),
        "fileMissing": _("Choose a file first."),
        "errorServer": _("The server failed. Nothing was changed as far as we know; try again."),
        "requestId": _("Request id: %s"),
        "justNow": _("just now"),
        "loading": _("Loading"),
        "new": _("%s new, show"),
        "nothingFound": _("Nothing found"),
        "pages": _("Pages"),
        "selected": _("%s selected"),
        "typeName": _("Type %s to confirm"),
        "typeCount": _("Type the number %s to confirm"),
        "live": _("Live"),
        "reconnecting": _("Reconnecting"),
        "andMore": _("and %s more"),
        "results": _("%s results"),
        "console": {
            "connecting": _("Connecting"),
            "connected": _("Connected"),
            "quiet": _("Press Enter if nothing shows."),
            "closed": _("Disconnected"),
            "refused": _("The console could not be opened"),
            "lost": _("The connection was lost"),
            "ended": _("The guest closed the console"),
            "elsewhere": _("The console was opened somewhere else"),
            "stopped": _("The instance is not running"),
        },
    }
    escapes = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
    body = json.dumps(words, ensure_ascii=False).translate(escapes)
    return format_html('<script id="ui-strings" type="application/json">{}</script>', mark_safe(body))  # noqa: S308


@register.simple_tag(takes_context=True)
def is_current(context: template.Context, url: str) -> bool:
    """Tell whether the URL is the page that is shown."""
    request = context.get("request")
    return bool(request and request.path == url)


@register.filter
def attrs(mapping: Mapping[str, Any]) -> SafeString:
    """Write a mapping as HTML attributes."""
    return mark_safe("") if not mapping else flatatt({key: conditional_escape(value) for key, value in mapping.items()})

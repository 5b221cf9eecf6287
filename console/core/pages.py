"""What views of pages share: answers to acts, refusals put onto forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from console.core.errors import Forbidden, NotFound, Refusal
from console.core.scope import Scope


class PageRequest(HttpRequest):
    """A request as the middleware hands it to a page's view."""

    caller: Scope
    project: Any
    request_id: str
    user: Any


def from_script(request: HttpRequest) -> bool:
    """Whether htmx asks, not the browser itself."""
    return request.headers.get("HX-Request") == "true"


def stay(
    request: HttpRequest, text: Any, *, fallback: str, level: str = "success", hint: str = "", ending: str = ""
) -> HttpResponse:
    """Answer an act that changed the page it was done on: say so and morph the page's main part, scroll kept.

    Live regions alone would do while the socket is up; this does not depend on it. `ending` is the page of a thing that
    is being deleted: asked for again it may be gone already, so its live regions tell the rest.
    """
    if not from_script(request):
        return go(request, f"{text} {hint}".strip(), to=fallback)
    where = request.headers.get("HX-Current-URL") or fallback
    toast = {"toast": {"level": level, "text": str(text), "hint": hint}}
    if ending and urlsplit(where).path.startswith(ending):
        return HttpResponse(status=200, headers={"HX-Trigger": json.dumps(toast)})
    target = {"path": where, "target": "#main", "select": "#main", "swap": "outerMorph", "replace": "true"}
    return HttpResponse(status=200, headers={"HX-Location": json.dumps(target), "HX-Trigger": json.dumps(toast)})


def go(request: HttpRequest, text: Any, *, to: str) -> HttpResponse:
    """Answer an act that leads to another page, which then says what was done."""
    if text:
        messages.success(request, str(text))
    if from_script(request):
        return HttpResponse(status=200, headers={"HX-Redirect": to})
    return HttpResponseRedirect(to)


def accepted(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Run a service for a form that is valid. A refusal's texts go to their fields; True if there was none.

    Who may not do it at all gets no form back: rights and things that are gone are no matter of what was filled in.
    """
    if not form.is_valid():
        return False
    try:
        act()
    except (Forbidden, NotFound):
        raise
    except Refusal as refusal:
        refuse(form, refusal)
        return False
    return True


def refuse(form: forms.Form, refusal: Refusal) -> None:
    """Put a refusal onto a form: at the fields that it names; above all else what they do not say."""
    named = {name: texts for name, texts in refusal.fields.items() if name in form.fields}
    for name, texts in named.items():
        for text in texts:
            form.add_error(name, str(text))
    if refusal.message not in {str(text) for texts in named.values() for text in texts}:
        form.add_error(None, " ".join(filter(None, [refusal.message, refusal.hint])))

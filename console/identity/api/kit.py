"""What every REST v1 view stands on: addresses, the scope, strict bodies, lists and idempotent POSTs."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.urls.resolvers import RoutePattern
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from console.core.errors import Conflict, Invalid, Refusal
from console.core.policies import require_staff
from console.core.scope import Scope
from console.identity.api.paging import Filter, cut, narrowed
from console.identity.api.parsers import JsonOnly, JsonParser
from console.identity.models.audit import AnsweredRequest
from console.identity.services.changes import wall_of

_LONGEST_KEY = 128
_MOST_NAMED = 20
_YES_OR_NO = {"1": True, "true": True, "0": False, "false": False}


class _Route(RoutePattern):
    """A route that is written without a slash at the end and found with one as well: no redirect could keep a POST."""

    def match(self, path: str) -> Any:
        return super().match(path.removesuffix("/"))


def route(pattern: str, view: type[APIView], name: str) -> URLPattern:
    """An address of REST v1, e.g. `instances/<uuid:instance_id>`."""
    return URLPattern(_Route(pattern, name=name, is_endpoint=True), view.as_view(), None, name)


class ApiView(APIView):
    """A view with `self.scope`, strict bodies, lists and idempotent POSTs.

    With `fleet` it is for staff alone and sees all projects.
    """

    fleet = False
    parser_classes = [JsonParser]
    content_negotiation_class = JsonOnly

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        request.encoding = "utf-8"  # whatever charset the content type names: JSON and addresses are UTF-8
        if "CONTENT_LENGTH" not in request.META and JsonParser in self.parser_classes:
            request.META["CONTENT_LENGTH"] = str(len(request.body))  # chunked: DRF takes no length for no body
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.fleet:
            require_staff(self.own_scope)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @property
    def own_scope(self) -> Scope:
        """The scope that the token opens: within its project."""
        caller: Any = self.request.user
        scope: Scope = caller.scope
        return scope

    @property
    def own_project_id(self) -> uuid.UUID:
        """The token's project: every token has one."""
        project_id: Any = self.own_scope.project_id
        found: uuid.UUID = project_id
        return found

    @functools.cached_property
    def scope(self) -> Scope:
        """The caller's scope; over all projects where staff ask for it; with the Idempotency-Key of this request."""
        scope = self.own_scope
        if self.fleet or self._asks_for_all():
            require_staff(scope)
            scope = scope.within(None)
        key = self.request.headers.get("Idempotency-Key", "") if self.request.method == "POST" else ""
        if not key:
            return scope
        if len(key) > _LONGEST_KEY or not key.isprintable():
            raise Invalid.field("Idempotency-Key", _("This must be at most 128 printable characters."))
        return replace(scope, idempotency_key=key, fingerprint=self._fingerprint())

    @property
    def wide_scope(self) -> Scope:
        """Staff's view over all projects, anybody else's own: for things that staff reach by id from anywhere."""
        return self.scope.within(None) if self.scope.is_staff else self.scope

    def _asks_for_all(self) -> bool:
        text = self.request.query_params.get("all_projects", "false")
        if text not in _YES_OR_NO:
            raise Invalid.field("all_projects", _("This must be true or false."))
        return _YES_OR_NO[text]

    def _fingerprint(self) -> str:
        """What tells two requests apart. Keyed, because bodies may hold passwords."""
        sent = [self.request.method, self.request.path.rstrip("/"), self.request.data]
        return salted_hmac("virtdeck.idempotency", json.dumps(sent, sort_keys=True), algorithm="sha256").hexdigest()

    def body(self, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        """The validated body. Fields that are not known are refused, so that a typing error is not silently ignored."""
        given = self.request.data
        if not isinstance(given, dict):
            raise Invalid.field("body", _("The body must be a JSON object."))
        checked = serializer(data=given, context={"scope": self.scope})
        unknown = sorted(set(given) - set(checked.fields))
        if unknown:
            raise Invalid(
                _("Unknown field: %(name)s.") % {"name": unknown[0]},
                fields={name: [_("Unknown field.")] for name in unknown[:_MOST_NAMED]},
                hint=_("The fields here are %(names)s.") % {"names": ", ".join(checked.fields)},
            )
        checked.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(checked.validated_data)
        return values

    def shown(self, serializer: type[serializers.Serializer], thing: Any, *, many: bool = False) -> Any:
        """A thing, or many, as this caller may see it."""
        return serializer(thing, many=many, context={"scope": self.scope}).data

    def paged(
        self,
        rows: QuerySet[Any],
        serializer: type[serializers.Serializer],
        filters: Mapping[str, Filter],
        *,
        moment: str = "created_at",
    ) -> Response:
        """A page of a list: `{"results": [...], "next": url or null}`; `?limit=` up to 200."""
        page, following = cut(self.request, narrowed(self.request, rows, filters), moment=moment)
        return Response({"results": self.shown(serializer, page, many=True), "next": following})

    def made(self, body: Any, name: str, **kwargs: Any) -> Response:
        """201 with the Location of what was made."""
        return Response(body, status=201, headers={"Location": self.location(name, **kwargs)})

    def location(self, name: str, **kwargs: Any) -> str:
        """The absolute address of a view of REST v1."""
        return str(reverse(f"api:{name}", kwargs=kwargs, request=self.request))

    def once(
        self,
        act: Callable[[Scope], Response],
        replay: Callable[[AnsweredRequest], Response],
        scope: Scope | None = None,
    ) -> Response:
        """Run a POST at most once per Idempotency-Key; a repeat is answered by `replay`, without acting."""
        scope = scope or self.scope
        if found := self._answered(scope):
            return self._replayed(replay, found)
        try:
            return act(scope)
        except Refusal:
            # A twin with the same key may have been faster: then this one is the repeat, however it was refused.
            if found := self._answered(scope):
                return self._replayed(replay, found)
            raise

    def _replayed(self, replay: Callable[[AnsweredRequest], Response], found: AnsweredRequest) -> Response:
        response = replay(found)
        response.headers["Idempotency-Replayed"] = "true"
        return response

    def _answered(self, scope: Scope) -> AnsweredRequest | None:
        if not scope.idempotency_key:
            return None
        found = AnsweredRequest.unscoped.filter(
            user_id=scope.user_id, wall=wall_of(scope), key=scope.idempotency_key
        ).first()
        if found is not None and found.fingerprint != scope.fingerprint:
            raise Conflict(
                _("This Idempotency-Key was used for another request."),
                hint=_("Use a fresh key for each new request."),
                code="idempotency_key_reused",
            )
        return found


def secret_is_gone(_answered: AnsweredRequest) -> Response:
    """The replay of a request whose answer held a secret that is shown only once."""
    raise Conflict(
        _("This request was answered already; its secret is shown only once."),
        hint=_("Delete what it made and send a new request with a fresh Idempotency-Key."),
        code="secret_shown_once",
    )

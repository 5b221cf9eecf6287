"""What every REST v1 view stands on: the scope, idempotent POST, cursor pages, filters that refuse what they do not know."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from console.core.errors import Conflict, Invalid
from console.core.scope import Scope
from console.identity.models.audit import AnsweredRequest
from console.identity.services.changes import AlreadyAnswered, wall_of

_LONGEST_KEY = 128


class Page(CursorPagination):
    """`{"results": [...], "next": url or null}`; `?limit=` up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": {"type": "string", "format": "uri", "nullable": True}},
        }


class ApiView(APIView):
    """A view with `self.scope`, lists and idempotent POSTs."""

    pagination_class = Page
    reserved_query = frozenset({"limit", "cursor", "format"})

    @property
    def scope(self) -> Scope:
        """The caller's scope, with the Idempotency-Key of this request."""
        scope: Scope = self.request.user.scope
        key = self.request.headers.get("Idempotency-Key", "") if self.request.method == "POST" else ""
        if not key:
            return scope
        if len(key) > _LONGEST_KEY or not key.isprintable():
            raise Invalid.field("Idempotency-Key", _("This must be at most 128 printable characters."))
        return replace(scope, idempotency_key=key, fingerprint=self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self.request.method.encode() + self.request.path.encode())
        digest.update(repr(self.request.data).encode())
        return digest.hexdigest()

    def body(self, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        """The validated body. Fields that are not known are refused, so that a typing error is not silently ignored."""
        given = self.request.data
        if not isinstance(given, dict):
            raise Invalid(_("The body must be a JSON object."))
        checked = serializer(data=given, context={"scope": self.scope})
        unknown = set(given) - set(checked.fields)
        if unknown:
            raise Invalid(
                _("Unknown field: %(name)s.") % {"name": sorted(unknown)[0]},
                fields={name: [_("Unknown field.")] for name in sorted(unknown)},
            )
        checked.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(checked.validated_data)
        return values

    def paged(
        self, rows: QuerySet[Any], serializer: type[serializers.BaseSerializer], filters: dict[str, Callable[..., Any]]
    ) -> Response:
        """A page of rows. `filters` maps each query parameter that is understood to `f(rows, text) -> rows`."""
        unknown = set(self.request.query_params) - set(filters) - self.reserved_query
        if unknown:
            raise Invalid(
                _("Unknown filter: %(name)s.") % {"name": sorted(unknown)[0]},
                fields={name: [_("Unknown filter.")] for name in sorted(unknown)},
            )
        for name, apply in filters.items():
            if name in self.request.query_params:
                rows = apply(rows, self.request.query_params[name])
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(serializer(page, many=True, context={"scope": self.scope}).data)

    def once(self, act: Callable[[Scope], Response], replay: Callable[[AnsweredRequest], Response]) -> Response:
        """Run a POST at most once per Idempotency-Key; a repeat is answered by `replay`, without acting."""
        scope = self.scope
        if not scope.idempotency_key:
            return act(scope)
        if found := self._answered(scope):
            return replay(found)
        try:
            return act(scope)
        except AlreadyAnswered:
            found = self._answered(scope)
            if found is None:
                raise
            return replay(found)

    def _answered(self, scope: Scope) -> AnsweredRequest | None:
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

    def location(self, name: str, **kwargs: Any) -> str:
        """The absolute address of a view of REST v1."""
        return str(reverse(f"api:{name}", kwargs=kwargs, request=self.request))


def secret_is_gone(_answered: AnsweredRequest) -> Response:
    """The replay of a request whose answer held a secret that is shown only once."""
    raise Conflict(
        _("This request was answered already; its secret is shown only once."),
        hint=_("Delete what it made and send a new request with a fresh Idempotency-Key."),
        code="secret_shown_once",
    )


Filter = Callable[[QuerySet[Any], str], QuerySet[Any]]


def exactly(field: str) -> Filter:
    """A filter by equality; a value that cannot be one of the field's matches nothing."""

    def apply(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        try:
            return rows.filter(**{field: text})
        except (ValidationError, ValueError, TypeError):
            return rows.none()

    return apply

"""How REST v1 tells OpenAPI about itself: one decorator, the same errors everywhere."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from console.core.problem import CONTENT_TYPE
from console.identity.api.paging import LARGEST_PAGE, Filter


class ProblemSerializer(serializers.Serializer):
    """Why a request was not done (RFC 9457)."""

    type = serializers.CharField(help_text="urn:virtdeck:problem:<code>")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs; stable.")
    detail = serializers.CharField(help_text="For people: what happened to what, and why.")
    hint = serializers.CharField(help_text="For people: what to do about it.")
    request_id = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="The inputs at fault."
    )
    operation = serializers.UUIDField(required=False, help_text="With the code `busy`: what is under way.")


@functools.cache
def page_of(serializer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The serializer of a list's page."""
    name = serializer.__name__.removesuffix("Serializer")
    fields = {
        "__doc__": f"A page of a list: {name}.",
        "results": serializer(many=True),
        "next": serializers.URLField(allow_null=True, help_text="The address of the next page."),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), fields)


_ALL_PROJECTS = OpenApiParameter(
    "all_projects", bool, description="Staff only: look over all projects instead of the token's."
)
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 128 printable characters. A repeat with the same key is answered without acting again.",
)
_LOCATION = OpenApiParameter("Location", str, OpenApiParameter.HEADER, required=True, response=[201, 202])
_PAGING = [
    OpenApiParameter("limit", int, description=f"Rows a page, up to {LARGEST_PAGE}."),
    OpenApiParameter("cursor", str, description="From the address under `next`."),
]


def describe(
    operation_id: str,
    summary: str,
    *,
    answers: Mapping[int, Any],
    request: Any = None,
    filters: Mapping[str, Filter] | None = None,
    fleet: bool = False,
    query: tuple[OpenApiParameter, ...] = (),
) -> Callable[[Any], Any]:
    """Describe one method of a view. `filters` marks a list; `fleet` a view where `all_projects` means nothing."""

    def decorate(method: Any) -> Any:
        verb = method.__name__
        parameters = [*query]
        if not fleet:
            parameters.append(_ALL_PROJECTS)
        if filters is not None:
            parameters += [*_PAGING, *(OpenApiParameter(name, one.schema) for name, one in filters.items())]
        if verb == "post":
            parameters.append(_KEY)
        if set(answers) & {201, 202}:
            parameters.append(_LOCATION)
        return extend_schema(
            operation_id=operation_id,
            summary=summary,
            description="",
            request=request,
            parameters=parameters,
            responses={**answers, **_problems(verb, filters is None)},
        )(method)

    return decorate


def _problems(verb: str, single: bool) -> dict[Any, Any]:
    statuses = {401, 403, 422}
    if single:
        statuses.add(404)
    if verb != "get":
        statuses |= {400, 409, 413, 415}
    return {(status, CONTENT_TYPE): ProblemSerializer for status in [*sorted(statuses), "default"]}

"""REST v1: projects, members, tokens, quotas and audit events."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from console.core.scope import Scope
from console.identity.api.kit import ApiView, secret_is_gone
from console.identity.api.paging import by_id, exactly, one_of, yes_or_no
from console.identity.api.schema import describe, page_of
from console.identity.api.v1.serializers import (
    AuditEventSerializer,
    MemberSerializer,
    MemberSetSerializer,
    ProjectCreateSerializer,
    ProjectSerializer,
    ProjectUpdateSerializer,
    QuotaSerializer,
    QuotaUpdateSerializer,
    TokenCreateSerializer,
    TokenMadeSerializer,
    TokenSerializer,
)
from console.identity.models.audit import Outcome
from console.identity.models.projects import Resource
from console.identity.selectors import (
    audit_get,
    audit_list,
    member_get,
    member_list,
    project_get,
    project_list,
    quota_list,
    token_get,
    token_list,
)
from console.identity.services.projects import member_remove, member_set, project_create, project_update
from console.identity.services.quotas import quota_set
from console.identity.services.tokens import token_create, token_revoke

_PROJECT_FILTERS = {"name": exactly("name"), "slug": exactly("slug"), "enabled": yes_or_no("enabled")}
_MEMBER_FILTERS = {"username": exactly("user__username"), "role": exactly("role")}
_TOKEN_FILTERS = {"name": exactly("name")}
_QUOTA_FILTERS = {"resource": one_of(Resource.values, column="resource"), "project": by_id("project_id")}
_AUDIT_FILTERS = {
    "action": exactly("action"),
    "outcome": one_of(Outcome.values, column="outcome"),
    "actor": exactly("actor_name"),
    "target_type": exactly("target_type"),
    "target_id": by_id("target_id"),
    "request_id": exactly("request_id"),
}


class ProjectsView(ApiView):
    """The token's project; for staff all."""

    @describe(
        "project_list",
        "List projects",
        answers={200: page_of(ProjectSerializer)},
        filters=_PROJECT_FILTERS,
        fleet=True,
    )
    def get(self, _request: Request) -> Response:
        return self.paged(project_list(self.wide_scope), ProjectSerializer, _PROJECT_FILTERS)

    @describe(
        "project_create",
        "Make a project (staff)",
        request=ProjectCreateSerializer,
        answers={201: ProjectSerializer},
        fleet=True,
    )
    def post(self, _request: Request) -> Response:
        body = self.body(ProjectCreateSerializer)
        scope = self.wide_scope

        def answer(project_id: uuid.UUID | None) -> Response:
            project = project_get(scope, project_id=project_id or "")
            return self.made(self.shown(ProjectSerializer, project), "project", project_id=project.pk)

        return self.once(
            lambda scope: answer(project_create(scope, **body).pk), lambda found: answer(found.target_id), scope
        )


class ProjectView(ApiView):
    @describe("project_get", "Show a project", answers={200: ProjectSerializer}, fleet=True)
    def get(self, _request: Request, project_id: uuid.UUID) -> Response:
        return Response(self.shown(ProjectSerializer, project_get(self.wide_scope, project_id=project_id)))

    @describe(
        "project_update",
        "Rename, describe, enable or disable a project (staff)",
        request=ProjectUpdateSerializer,
        answers={200: ProjectSerializer},
        fleet=True,
    )
    def patch(self, _request: Request, project_id: uuid.UUID) -> Response:
        body = self.body(ProjectUpdateSerializer)
        return Response(self.shown(ProjectSerializer, project_update(self.wide_scope, project_id=project_id, **body)))


class MembersView(ApiView):
    """Who belongs to the token's project."""

    @describe("member_list", "List members", answers={200: page_of(MemberSerializer)}, filters=_MEMBER_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(member_list(self.scope), MemberSerializer, _MEMBER_FILTERS)

    @describe(
        "member_set",
        "Give a user a role in the project, or another one",
        request=MemberSetSerializer,
        answers={200: MemberSerializer},
    )
    def put(self, _request: Request) -> Response:
        member = member_set(self.scope, **self.body(MemberSetSerializer))
        return Response(self.shown(MemberSerializer, member))


class MemberView(ApiView):
    @describe("member_get", "Show a member", answers={200: MemberSerializer})
    def get(self, _request: Request, membership_id: uuid.UUID) -> Response:
        return Response(self.shown(MemberSerializer, member_get(self.scope, membership_id=membership_id)))

    @describe("member_remove", "Take a user out of the project", answers={204: None})
    def delete(self, _request: Request, membership_id: uuid.UUID) -> Response:
        member_remove(self.scope, membership_id=membership_id)
        return Response(status=204)


class TokensView(ApiView):
    """The caller's tokens in the project; for its administrators everybody's."""

    @describe("token_list", "List tokens", answers={200: page_of(TokenSerializer)}, filters=_TOKEN_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(token_list(self.scope), TokenSerializer, _TOKEN_FILTERS)

    @describe(
        "token_create",
        "Make a token; its secret is shown this once",
        request=TokenCreateSerializer,
        answers={201: TokenMadeSerializer},
    )
    def post(self, _request: Request) -> Response:
        body = self.body(TokenCreateSerializer)

        def act(scope: Scope) -> Response:
            token, secret = token_create(scope, **body)
            return self.made({**self.shown(TokenSerializer, token), "token": secret}, "token", token_id=token.pk)

        return self.once(act, secret_is_gone)


class TokenView(ApiView):
    @describe("token_get", "Show a token", answers={200: TokenSerializer})
    def get(self, _request: Request, token_id: uuid.UUID) -> Response:
        return Response(self.shown(TokenSerializer, token_get(self.scope, token_id=token_id)))

    @describe("token_revoke", "Revoke a token", answers={204: None})
    def delete(self, _request: Request, token_id: uuid.UUID) -> Response:
        token_revoke(self.scope, token_id=token_id)
        return Response(status=204)


class QuotasView(ApiView):
    """What the token's project may use, and uses."""

    @describe("quota_list", "List quotas", answers={200: page_of(QuotaSerializer)}, filters=_QUOTA_FILTERS)
    def get(self, request: Request) -> Response:
        scope = self.wide_scope if "project" in request.query_params else self.scope
        return self.paged(quota_list(scope), QuotaSerializer, _QUOTA_FILTERS)

    @describe(
        "quota_update",
        "Set limits of a project (staff)",
        request=QuotaUpdateSerializer,
        answers={200: page_of(QuotaSerializer)},
    )
    def patch(self, _request: Request) -> Response:
        limits = self.body(QuotaUpdateSerializer)
        project_id = limits.pop("project", None) or self.own_project_id
        project = quota_set(self.wide_scope, project_id=project_id, limits=limits)
        rows = quota_list(self.wide_scope).filter(project=project)
        return Response({"results": self.shown(QuotaSerializer, rows, many=True), "next": None})


class AuditEventsView(ApiView):
    """What was done in the project: for its administrators."""

    @describe(
        "audit_event_list", "List audit events", answers={200: page_of(AuditEventSerializer)}, filters=_AUDIT_FILTERS
    )
    def get(self, _request: Request) -> Response:
        return self.paged(audit_list(self.scope), AuditEventSerializer, _AUDIT_FILTERS)


class AuditEventView(ApiView):
    @describe("audit_event_get", "Show an audit event", answers={200: AuditEventSerializer})
    def get(self, _request: Request, event_id: uuid.UUID) -> Response:
        return Response(self.shown(AuditEventSerializer, audit_get(self.scope, event_id=event_id)))

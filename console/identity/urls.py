"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import URLPattern, path

from console.identity.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them
from console.identity.views import account, audit, members, projects, quotas, tokens, users

urlpatterns: list[URLPattern] = [
    path("account/", account.account, name="account"),
]
project_urlpatterns: list[URLPattern] = [
    path("members/", members.members, name="members"),
    path("members/add/", members.member_add, name="member-add"),
    path("members/<uuid:membership_id>/role/", members.member_role, name="member-role"),
    path("members/<uuid:membership_id>/remove/", members.member_remove_view, name="member-remove"),
    path("quotas/", quotas.quotas, name="quotas"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.token_create_view, name="token-create"),
    path("tokens/<uuid:token_id>/revoke/", tokens.token_revoke_view, name="token-revoke"),
    path("audit/", audit.project_audit, name="audit"),
]
fleet_urlpatterns: list[URLPattern] = [
    path("projects/", projects.projects, name="projects"),
    path("projects/new/", projects.project_create_view, name="project-create"),
    path("projects/<uuid:project_id>/", projects.project_edit, name="project"),
    path("projects/<uuid:project_id>/enable/", projects.project_enable, name="project-enable"),
    path("users/", users.users, name="users"),
    path("users/new/", users.user_create_view, name="user-create"),
    path("users/<uuid:user_id>/", users.user_detail, name="user"),
    path("users/<uuid:user_id>/change/", users.user_change, name="user-change"),
    path("users/<uuid:user_id>/password/", users.user_password, name="user-password"),
    path("audit/", audit.fleet_audit, name="audit"),
]

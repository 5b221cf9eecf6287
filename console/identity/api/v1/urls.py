"""Addresses of projects, people, tokens, quotas and audit events under /api/v1/."""

from console.identity.api.kit import route
from console.identity.api.v1 import users, views

urlpatterns = [
    route("projects", views.ProjectsView, "projects"),
    route("projects/<uuid:project_id>", views.ProjectView, "project"),
    route("members", views.MembersView, "members"),
    route("members/<uuid:membership_id>", views.MemberView, "member"),
    route("tokens", views.TokensView, "tokens"),
    route("tokens/<uuid:token_id>", views.TokenView, "token"),
    route("quotas", views.QuotasView, "quotas"),
    route("audit-events", views.AuditEventsView, "audit-events"),
    route("audit-events/<uuid:event_id>", views.AuditEventView, "audit-event"),
    route("users", users.UsersView, "users"),
    route("users/<uuid:user_id>", users.UserView, "user"),
    route("users/<uuid:user_id>/reset-password", users.UserPasswordView, "user-reset-password"),
]

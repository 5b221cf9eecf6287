"""Every address of Virtdeck. The apps' own patterns are mounted under three roofs.

`/p/<project>/` is for members of a project (namespace `project`), `/fleet/` for staff (namespace `fleet`, guarded by
the scope middleware), `/api/v1/` for automation (namespace `api`).
"""

from allauth.account import views as account_views
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

import compute.urls
import console.fleet.urls
import console.identity.urls
import console.live.urls
import console.operations.urls
import monitoring.urls
import networking.urls
import storage.urls
from console.core import views
from console.identity.api.docs import DocsView, SchemaView
from console.identity.api.kit import route

_APPS = (
    console.identity.urls,
    console.operations.urls,
    console.fleet.urls,
    storage.urls,
    networking.urls,
    compute.urls,
    monitoring.urls,
    console.live.urls,
)


def _gathered(name: str) -> list:
    return [pattern for app in _APPS for pattern in getattr(app, name, [])]


api_patterns = [
    *_gathered("api_urlpatterns"),
    route("schema", SchemaView, "schema"),
    route("docs", DocsView, "docs"),
]

# What allauth offers and we do: people are made by staff, so there is no sign-up, no e-mail and no reset by mail.
_account_patterns = [
    path("login/", account_views.login, name="account_login"),
    path("logout/", account_views.logout, name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("reauthenticate/", account_views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account_views.password_change, name="account_change_password"),
]

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include(_account_patterns)),
    path("i18n/setlang/", require_POST(login_not_required(set_language)), name="set_language"),
    path("p/<slug:project>/", include((_gathered("project_urlpatterns"), "project"))),
    path("fleet/", include((_gathered("fleet_urlpatterns"), "fleet"))),
    path("api/v1/", include((api_patterns, "api"))),
    re_path(r"^api/", views.api_not_found),
    *_gathered("urlpatterns"),
]

handler400 = "console.core.views.bad_request"
handler500 = "console.core.views.server_error"

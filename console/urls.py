"""Every address of Virtdeck. The apps' own patterns are mounted under three roofs.

`/p/<project>/` is for members of a project (namespace `project`), `/fleet/` for staff (namespace `fleet`, guarded by the
scope middleware), `/api/v1/` for automation (namespace `api`).
"""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

import compute.urls
import console.fleet.urls
import console.identity.urls
import console.operations.urls
import monitoring.urls
import networking.urls
import storage.urls
from console.core import views

_APPS = (
    console.identity.urls,
    console.operations.urls,
    console.fleet.urls,
    storage.urls,
    networking.urls,
    compute.urls,
    monitoring.urls,
)


def _gathered(name: str) -> list:
    return [pattern for app in _APPS for pattern in getattr(app, name, [])]


api_patterns = [
    *_gathered("api_urlpatterns"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
]

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include("allauth.account.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("p/<slug:project>/", include((_gathered("project_urlpatterns"), "project"))),
    path("fleet/", include((_gathered("fleet_urlpatterns"), "fleet"))),
    path("api/v1/", include((api_patterns, "api"))),
    re_path(r"^api/", views.api_not_found),
    *_gathered("urlpatterns"),
]

"""The OpenAPI schema and the page that lets people browse it. Both need no login."""

from __future__ import annotations

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """OpenAPI 3, as YAML or JSON."""


@method_decorator(csp_update({"style-src": UNSAFE_INLINE}), name="dispatch")  # Swagger UI writes its own styles
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, its script apart from the page: our policy lets no inline script run."""

    url_name = "api:schema"

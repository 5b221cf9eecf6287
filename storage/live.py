"""Live regions of images."""

from __future__ import annotations

from console.core.ids import known
from console.core.regions import region
from console.core.scope import Scope
from storage.panels import image_html, slug_of
from storage.selectors import image_list
from storage.tables import ImageTable


@region("image.row", kinds=("image",), by_id=True)
def image_row(scope: Scope, image_id: str) -> str | None:
    """A row of the list; None once the image is gone."""
    image = image_list(scope).filter(pk__in=known(image_id)).first() if scope.project_id else None
    return ImageTable(scope, slug_of(scope)).row_html(image) if image else None


@region("image", kinds=("image",), by_id=True)
def image(scope: Scope, image_id: str) -> str | None:
    """The page of one image."""
    return image_html(scope, image_id) if scope.project_id else None

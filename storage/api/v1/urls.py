"""Addresses of images under /api/v1/."""

from console.identity.api.kit import route
from storage.api.v1 import views

urlpatterns = [
    route("images", views.ImagesView, "images"),
    route("images/<uuid:image_id>", views.ImageView, "image"),
    route("images/<uuid:image_id>/file", views.ImageFileView, "image-file"),
]

"""Addresses of this app, by the roof they stand under (see console/urls.py)."""

from django.urls import path

from storage import views
from storage.api.v1.urls import urlpatterns as api_urlpatterns  # noqa: F401 - console/urls.py mounts them

urlpatterns: list = []
project_urlpatterns: list = [
    path("images/", views.image_list_page, name="images"),
    path("images/new/", views.create, name="image-create"),
    path("images/<uuid:image_id>/", views.detail, name="image"),
    path("images/<uuid:image_id>/edit/", views.edit, name="image-edit"),
    path("images/<uuid:image_id>/file/", views.file, name="image-file"),
    path("images/<uuid:image_id>/delete/", views.delete, name="image-delete"),
]
fleet_urlpatterns: list = []

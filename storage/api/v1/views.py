"""REST v1: images."""

from __future__ import annotations

import uuid

from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from console.core.scope import Scope
from console.identity.api.kit import ApiView
from console.identity.api.paging import exactly, one_of
from console.identity.api.parsers import StreamParser
from console.identity.api.schema import describe, page_of
from console.operations.api.answers import OperationSerializer, accepted
from storage.api.v1.serializers import (
    ImageAcceptedSerializer,
    ImageCreateSerializer,
    ImageSerializer,
    ImageUpdateSerializer,
)
from storage.models.images import Format, Visibility
from storage.selectors import image_get, image_list
from storage.services.images import image_create, image_delete, image_receive, image_update
from storage.states import ImageStatus

_CHUNK = 1024 * 1024
_FILTERS = {
    "name": exactly("name"),
    "status": one_of(ImageStatus.values, column="status"),
    "visibility": one_of(Visibility.values, column="visibility"),
    "format": one_of(Format.values, column="format"),
    "checksum": exactly("checksum"),
}


class ImagesView(ApiView):
    """The project's images, and the public ones of all projects."""

    @describe("image_list", "List images", answers={200: page_of(ImageSerializer)}, filters=_FILTERS)
    def get(self, _request: Request) -> Response:
        return self.paged(image_list(self.scope), ImageSerializer, _FILTERS)

    @describe(
        "image_create",
        "Describe an image; its file follows by PUT",
        request=ImageCreateSerializer,
        answers={201: ImageSerializer},
    )
    def post(self, _request: Request) -> Response:
        body = self.body(ImageCreateSerializer)

        def answer(image_id: uuid.UUID | None) -> Response:
            image = image_get(self.scope, image_id=image_id or "")
            return self.made(self.shown(ImageSerializer, image), "image", image_id=image.pk)

        def act(scope: Scope) -> Response:
            return answer(image_create(scope, **body).pk)

        return self.once(act, lambda found: answer(found.target_id))


class ImageView(ApiView):
    @describe("image_get", "Show an image", answers={200: ImageSerializer})
    def get(self, _request: Request, image_id: uuid.UUID) -> Response:
        return Response(self.shown(ImageSerializer, image_get(self.scope, image_id=image_id)))

    @describe(
        "image_update",
        "Change an image's name, description, visibility or least memory",
        request=ImageUpdateSerializer,
        answers={200: ImageSerializer},
    )
    def patch(self, _request: Request, image_id: uuid.UUID) -> Response:
        image = image_update(self.scope, image_id=image_id, **self.body(ImageUpdateSerializer))
        return Response(self.shown(ImageSerializer, image))

    @describe("image_delete", "Remove an image here and from every host's pool", answers={202: OperationSerializer})
    def delete(self, _request: Request, image_id: uuid.UUID) -> Response:
        return accepted(self, image_delete(self.scope, image_id=image_id))


class ImageFileView(ApiView):
    """The image's file, as bytes: it goes to disk piece by piece."""

    parser_classes = [StreamParser]

    @describe(
        "image_file_put",
        "Send the image's file; it is then checked",
        request={StreamParser.media_type: OpenApiTypes.BINARY},
        answers={202: ImageAcceptedSerializer},
    )
    def put(self, request: Request, image_id: uuid.UUID) -> Response:
        if request.content_type.split(";")[0].strip().lower() != StreamParser.media_type:
            raise UnsupportedMediaType(request.content_type)
        raw = request._request
        chunks = iter(lambda: raw.read(_CHUNK), b"")
        image, operation = image_receive(self.scope, image_id=image_id, chunks=chunks)
        return accepted(self, operation, image=self.shown(ImageSerializer, image))

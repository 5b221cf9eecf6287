"""REST v1: users, for staff."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from console.core.scope import Scope
from console.identity.api.fields import NoFields
from console.identity.api.kit import ApiView, secret_is_gone
from console.identity.api.paging import exactly, yes_or_no
from console.identity.api.schema import describe, page_of
from console.identity.api.v1.serializers import (
    PasswordSerializer,
    UserCreateSerializer,
    UserMadeSerializer,
    UserSerializer,
    UserUpdateSerializer,
)
from console.identity.selectors import user_get, user_list
from console.identity.services.users import user_create, user_reset_password, user_update

_FILTERS = {"username": exactly("username"), "is_staff": yes_or_no("is_staff"), "is_active": yes_or_no("is_active")}


class UsersView(ApiView):
    fleet = True

    @describe("user_list", "List users", answers={200: page_of(UserSerializer)}, filters=_FILTERS, fleet=True)
    def get(self, _request: Request) -> Response:
        return self.paged(user_list(self.scope), UserSerializer, _FILTERS, moment="date_joined")

    @describe(
        "user_create",
        "Make a user; a password that is generated is shown this once",
        request=UserCreateSerializer,
        answers={201: UserMadeSerializer},
        fleet=True,
    )
    def post(self, _request: Request) -> Response:
        body = self.body(UserCreateSerializer)

        def act(scope: Scope) -> Response:
            user, password = user_create(scope, **body)
            shown = {**self.shown(UserSerializer, user), "password": "" if body.get("password") else password}
            return self.made(shown, "user", user_id=user.pk)

        return self.once(act, secret_is_gone)


class UserView(ApiView):
    fleet = True

    @describe("user_get", "Show a user", answers={200: UserSerializer}, fleet=True)
    def get(self, _request: Request, user_id: uuid.UUID) -> Response:
        return Response(self.shown(UserSerializer, user_get(self.scope, user_id=user_id)))

    @describe(
        "user_update",
        "Change a user",
        request=UserUpdateSerializer,
        answers={200: UserSerializer},
        fleet=True,
    )
    def patch(self, _request: Request, user_id: uuid.UUID) -> Response:
        user = user_update(self.scope, user_id=user_id, **self.body(UserUpdateSerializer))
        return Response(self.shown(UserSerializer, user))


class UserPasswordView(ApiView):
    fleet = True

    @describe(
        "user_reset_password",
        "Give a user a new generated password, which ends his sessions; it is shown this once",
        answers={200: PasswordSerializer},
        fleet=True,
    )
    def post(self, _request: Request, user_id: uuid.UUID) -> Response:
        self.body(NoFields)
        return self.once(
            lambda scope: Response({"password": user_reset_password(scope, user_id=user_id)}), secret_is_gone
        )

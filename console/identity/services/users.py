"""People: made by staff, with a generated password."""

from __future__ import annotations

import secrets
import uuid

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console.core.errors import Conflict, Invalid, NotFound
from console.core.scope import Scope
from console.core.validation import clean_name
from console.identity.models.users import User
from console.identity.services.changes import change, guard

_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def generate_password() -> str:
    """20 characters that cannot be misread: about 115 bits."""
    return "".join(secrets.choice(_ALPHABET) for _n in range(20))


def user_create(
    scope: Scope,
    *,
    username: str,
    password: str | None = None,
    email: str = "",
    full_name: str = "",
    is_staff: bool = False,
) -> tuple[User, str]:
    """Make a user. Answers the row and the password, generated unless given."""
    guard(scope, "user.create", staff=True)
    username = clean_name(username, field="username", limit=150)
    password = _checked(password) if password else generate_password()
    with change(scope, "user.create") as act:
        if User.objects.filter(username__iexact=username).exists():  # signing in does not tell upper from lower case
            raise Conflict(_("There is a user of that login name."), fields={"username": [_("Taken.")]})
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    username, password, email=email, full_name=full_name, is_staff=is_staff, is_superuser=is_staff
                )
        except IntegrityError as error:
            raise Conflict(_("There is a user of that login name."), fields={"username": [_("Taken.")]}) from error
        act.about(user, is_staff=is_staff)
    return user, password


def user_update(
    scope: Scope,
    *,
    user_id: uuid.UUID,
    is_active: bool | None = None,
    is_staff: bool | None = None,
    full_name: str | None = None,
    email: str | None = None,
) -> User:
    """Change a user; the last active staff user cannot be disabled or demoted."""
    guard(scope, "user.update", staff=True)
    with change(scope, "user.update") as act:
        user = _get(user_id)
        if (is_active is False or is_staff is False) and user.is_staff and user.is_active:
            _keep_a_keeper(user)
        if is_active is not None:
            user.is_active = is_active
        if is_staff is not None:
            user.is_staff = user.is_superuser = is_staff
        if full_name is not None:
            user.full_name = full_name
        if email is not None:
            user.email = email
        # No other column: a password that was changed meanwhile must not come back.
        user.save(update_fields=["is_active", "is_staff", "is_superuser", "full_name", "email"])
        act.about(user, is_active=user.is_active, is_staff=user.is_staff)
    return user


def user_reset_password(scope: Scope, *, user_id: uuid.UUID) -> str:
    """Give a user a new generated password, which ends his sessions. Answers it once."""
    guard(scope, "user.reset_password", staff=True)
    password = generate_password()
    with change(scope, "user.reset_password") as act:
        user = _get(user_id)
        user.set_password(password)
        user.save(update_fields=["password"])
        act.about(user)
    return password


def _get(user_id: uuid.UUID) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("There is no such user."), code="user_not_found")
    return user


def _keep_a_keeper(user: User) -> None:
    keepers = User.objects.select_for_update().filter(is_staff=True, is_active=True).order_by("pk")
    if not [keeper for keeper in keepers if keeper.pk != user.pk]:
        raise Conflict(_("This is the last active staff user."), hint=_("Make somebody else staff first."))


def _checked(password: str) -> str:
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid("; ".join(error.messages), fields={"password": error.messages}) from error
    return password

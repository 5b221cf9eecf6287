"""What people change about themselves."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from console.core.errors import Invalid, NotFound
from console.core.scope import Scope
from console.core.validation import clean_name
from console.identity.models.users import User
from console.identity.services.changes import change


def profile_update(scope: Scope, *, full_name: str, email: str) -> User:
    """Change one's own name and e-mail address. Both may be empty."""
    full_name = clean_name(full_name, field="full_name", limit=150) if full_name.strip() else ""
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid.field("email", _("This is not an e-mail address.")) from error
    with change(scope, "user.profile") as act:
        user = User.objects.filter(pk=scope.user_id).first() if scope.user_id else None
        if user is None:
            raise NotFound(_("There is no such user."), code="user_not_found")
        user.full_name, user.email = full_name, email
        user.save(update_fields=["full_name", "email"])
        act.about(user)
    return user

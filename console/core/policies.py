"""Checks of a caller's rights that every app shares."""

from __future__ import annotations

from django.utils.translation import gettext as _

from console.core.errors import Forbidden
from console.core.scope import Role, Scope


def require_role(scope: Scope, needed: Role) -> None:
    """Refuse a caller who does not reach a role in the project."""
    if not scope.may(needed):
        raise Forbidden(
            _("This needs the role “%(role)s” in the project.") % {"role": needed.value},
            hint=_("An administrator of the project can grant it on the Members page."),
            code="role_needed",
        )


def require_staff(scope: Scope) -> None:
    """Refuse a caller who does not keep the fleet."""
    if not (scope.is_staff or scope.is_system):
        raise Forbidden(
            _("Only the staff of this cloud may do this."),
            hint=_("Ask an administrator of the cloud."),
            code="staff_needed",
        )

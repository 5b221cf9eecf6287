"""What all models share: UUID ids, times, and managers that will not answer without a scope."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet

from console.core.errors import NotFound
from console.core.scope import Scope


class UnscopedAccess(RuntimeError):
    """Code asked `Model.objects` without saying for whom."""


class BaseModel(models.Model):
    """A row whose UUID is minted by us before anything happens, so that hosts can carry the same id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class ScopedManager(models.Manager[Any]):
    """`Model.objects`: answers only to `.within(scope)`."""

    use_in_migrations = False

    def get_queryset(self) -> QuerySet[Any]:
        raise UnscopedAccess(f"{self.model.__name__}.objects needs .within(scope)")

    def within(self, scope: Scope) -> QuerySet[Any]:
        """The rows that the scope may see: its project's, or all of them for the fleet's keepers."""
        rows = super().get_queryset()
        return rows if scope.sees_fleet else rows.filter(self.model.visible_to(scope))

    def get_within(self, scope: Scope, **lookup: Any) -> Any:
        """One visible row, or NotFound in the words of the model."""
        try:
            return self.within(scope).get(**lookup)
        except (self.model.DoesNotExist, ValidationError, ValueError, TypeError) as error:
            name = self.model._meta.verbose_name
            raise NotFound(f"There is no such {name}.", code=f"{self.model._meta.model_name}_not_found") from error


class ScopedModel(BaseModel):
    """A row that belongs to a project. `unscoped` is for Django itself and a short list of modules."""

    objects = ScopedManager()
    unscoped: models.Manager[Any] = models.Manager()

    class Meta(BaseModel.Meta):
        abstract = True
        base_manager_name = "unscoped"
        default_manager_name = "unscoped"

    @classmethod
    def visible_to(cls, scope: Scope) -> Q:
        """Which rows a project sees. Models that are shared between projects widen this."""
        if scope.project_id is None:
            return Q(pk__in=[])
        return Q(project_id=scope.project_id)

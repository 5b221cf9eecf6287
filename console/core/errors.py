"""Refusals that a person can act on. Every face (page, REST v1, OpenStack) words these same objects."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.utils.functional import Promise

Text = str | Promise


class Refusal(Exception):
    """A request that is not done, and why.

    `message` says what happened to what and why, `hint` what to do about it, `fields` names the inputs at fault.
    """

    status = 400
    code = "bad_request"
    title = "Bad request"

    def __init__(
        self,
        message: Text,
        *,
        hint: Text = "",
        fields: Mapping[str, Sequence[Text]] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(str(message))
        self._message = message
        self._hint = hint
        self.fields: dict[str, list[Text]] = {name: list(texts) for name, texts in (fields or {}).items()}
        if code:
            self.code = code

    @property
    def message(self) -> str:
        return str(self._message)

    @property
    def hint(self) -> str:
        return str(self._hint)


class Invalid(Refusal):
    """What was sent does not make sense; `fields` says where."""

    status = 422
    code = "invalid"
    title = "Invalid input"

    @classmethod
    def field(cls, name: str, message: Text, *, hint: Text = "") -> Invalid:
        """Refuse one field."""
        return cls(message, hint=hint, fields={name: [message]})


class Unauthenticated(Refusal):
    status = 401
    code = "unauthenticated"
    title = "Not signed in"


class Forbidden(Refusal):
    """The caller may see the thing but not do this to it."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class NotFound(Refusal):
    """There is no such thing within the caller's walls. Never says whether it exists elsewhere."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(Refusal):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"
    title = "Conflict"


class Busy(Conflict):
    """Another operation works on the same thing; `operation_id` names it."""

    code = "busy"
    title = "Busy"

    def __init__(self, message: Text, *, operation_id: uuid.UUID | None = None, hint: Text = "") -> None:
        super().__init__(message, hint=hint)
        self.operation_id = operation_id


class QuotaExceeded(Conflict):
    """The project's quota does not allow it; `fields` names the resources that are short."""

    code = "quota_exceeded"
    title = "Quota exceeded"


class NoCapacity(Conflict):
    """No host can take it. The message says per host what was missing."""

    code = "no_capacity"
    title = "No host fits"


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    title = "Too large"


class TooMany(Refusal):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class Unavailable(Refusal):
    """A part of Virtdeck that this request needs does not answer now."""

    status = 503
    code = "unavailable"
    title = "Unavailable now"

"""Text that is not kept in clear."""

from __future__ import annotations

import base64
import functools
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


@functools.cache
def _fernet() -> Fernet:
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"virtdeck field encryption").derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg] # cannot be subscripted at run time
    """A text field whose column holds ciphertext (Fernet under the installation's key). It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        return _fernet().encrypt(str(value).encode()).decode() if value else ""

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Any:
        return _fernet().decrypt(value.encode()).decode() if value else ""

"""SSH key pairs: imported, or made and handed out once."""

from __future__ import annotations

import base64
import hashlib
import uuid

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from compute.models.catalog import KeyPair
from console.core.bus import publish
from console.core.errors import Conflict, Invalid, NotFound
from console.core.ids import parse_uuid
from console.core.scope import Role, Scope
from console.core.validation import clean_name, clean_text
from console.identity.services.changes import change, guard

_LONGEST_KEY = 16 * 1024


def key_pair_import(scope: Scope, *, name: str, public_key: str) -> KeyPair:
    """Keep a public key in OpenSSH form."""
    guard(scope, "keypair.create", Role.MEMBER)
    return _keep(scope, clean_name(name), _clean_key(public_key))


def key_pair_generate(scope: Scope, *, name: str) -> tuple[KeyPair, str]:
    """Make an Ed25519 pair. Answers the row and the private key in OpenSSH form, which is never seen again."""
    guard(scope, "keypair.create", Role.MEMBER)
    name = clean_name(name)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return _keep(scope, name, public.decode()), secret.decode()


def key_pair_delete(scope: Scope, *, key_pair_id: uuid.UUID | str) -> None:
    """Forget a key pair. Instances that were made with it keep the key."""
    guard(scope, "keypair.delete", Role.MEMBER)
    with change(scope, "keypair.delete") as act:
        key_pair: KeyPair = KeyPair.objects.get_within(scope, pk=key_pair_id)
        act.about(key_pair)
        if scope.project_id:
            publish("keypair", key_pair.pk, project_id=scope.project_id)
        key_pair.delete()


def key_pair_usable(scope: Scope, key_pair_id: uuid.UUID | str) -> KeyPair:
    """One of the caller's key pairs, by id; Invalid names the field `key_pair` otherwise."""
    key_pair = KeyPair.objects.within(scope).filter(pk=parse_uuid(key_pair_id)).first() if scope.user_id else None
    if key_pair is None:
        raise Invalid.field("key_pair", _("There is no such key pair."))
    found: KeyPair = key_pair
    return found


def _keep(scope: Scope, name: str, public_key: str) -> KeyPair:
    if scope.user_id is None:
        raise NotFound(_("A key pair belongs to a user."))
    with change(scope, "keypair.create") as act:
        try:
            with transaction.atomic():
                key_pair: KeyPair = KeyPair.unscoped.create(
                    user_id=scope.user_id,
                    name=name,
                    public_key=public_key,
                    fingerprint=fingerprint(public_key),
                    key_type=public_key.split()[0],
                )
        except IntegrityError as error:
            raise Conflict(_("You have a key pair of that name."), fields={"name": [_("Taken.")]}) from error
        act.about(key_pair, fingerprint=key_pair.fingerprint)
        if scope.project_id:
            publish("keypair", key_pair.pk, project_id=scope.project_id, created=True)
    return key_pair


def _clean_key(text: str) -> str:
    text = clean_text(text, field="public_key", limit_bytes=_LONGEST_KEY).strip()
    if "PRIVATE KEY" in text:
        raise Invalid.field(
            "public_key",
            _("This is a private key. It has not been kept."),
            hint=_("Send the file that ends in .pub, and consider the private key as seen by others."),
        )
    try:
        if "\n" in text or not text:
            raise ValueError
        serialization.load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm, NotImplementedError, TypeError) as error:
        raise Invalid.field(
            "public_key",
            _("This is not a public key in OpenSSH form."),
            hint=_("It is one line that begins with ssh-ed25519, ecdsa-sha2-… or ssh-rsa."),
        ) from error
    return text


def fingerprint(public_key: str) -> str:
    """SHA256 fingerprint as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

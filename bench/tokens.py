"""The issuer of Zorbit's tokens: an Ed25519 key under `.bench/`."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bench.places import HOME, private

ISSUER = "https://bench.example.com/"
AUDIENCE = "zorbit"
LIFETIME = timedelta(days=2)


def public_key_file() -> Path:
    """The file that Zorbit reads the key from."""
    path = HOME / "issuer.pub"
    path.write_bytes(_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@cache
def sign(subject: UUID) -> str:
    """A token for a user."""
    expires = datetime.now(UTC) + LIFETIME
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(subject), "exp": expires}
    return jwt.encode(claims, _key(), algorithm="EdDSA")


@cache
def _key() -> Ed25519PrivateKey:
    path = HOME / "issuer.pem"
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        with open(path, "xb", opener=private) as file:
            file.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)  # for the type checker: it was made above
    return key

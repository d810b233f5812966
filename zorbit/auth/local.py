"""Keys on this machine: the key file that an operator names, and the signing key of the local issuer."""

import base64
import contextlib
import hashlib
import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from zorbit.auth.keys import Key, KeySet, entries, key_of, key_set
from zorbit.errors import OperatorError

ISSUER = "zorbit-local"
AUDIENCE = "zorbit"

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_USABLE = "use Ed25519, EC P-256 or RSA of at least 2048 bits"
_PRIVATE = "a private key, which a server that only verifies must not have: give it the public one"


@dataclass(frozen=True, slots=True)
class FixedKeys:
    """A source whose keys stay as they are while the server runs."""

    keys: KeySet

    def known(self) -> KeySet:
        """The keys."""
        return self.keys

    async def current(self) -> KeySet:
        """The keys."""
        return self.keys

    async def renewed(self) -> KeySet:
        """The same keys."""
        return self.keys

    async def aclose(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """Signs the tokens of a server on the embedded database, which has no identity provider beside it."""

    key: Ed25519PrivateKey = field(repr=False)
    clock: Callable[[], float] = time.time

    @classmethod
    def open(cls, data_dir: Path) -> "LocalIssuer":
        """The issuer of `data_dir`, with a new key at first use; raises OperatorError without a sound key."""
        path = data_dir / "signing-key.pem"
        try:
            if not path.exists():
                _create(path)
            key = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise OperatorError(f"cannot read or make the signing key {path}: {error.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise OperatorError(
                f"{path} is not an Ed25519 key: delete it, and a new one is made (older tokens then end)"
            )
        return cls(key)

    @property
    def keys(self) -> KeySet:
        """The key set that verifies what this issuer signs."""
        return KeySet((Key(self._key_id, "EdDSA", self.key.public_key()),))

    def sign(self, subject: str, lifetime: timedelta) -> str:
        """A token for `subject`, valid from now."""
        now = int(self.clock())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime.total_seconds()),
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": self._key_id})

    @property
    def _key_id(self) -> str:
        """The thumbprint of RFC 7638: the digest of the required members in their one canonical order."""
        x = _base64url(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        members = orjson.dumps({"crv": "Ed25519", "kty": "OKP", "x": x})
        return _base64url(hashlib.sha256(members).digest())


def _create(path: Path) -> None:
    """Puts a new key at `path`, whole or not at all; where another process was faster, its key stays."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made with mode 0600. Linking, unlike renaming, never replaces what is there.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".signing-key-") as draft:
        draft.write(pem)
        draft.flush()
        os.fsync(draft.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft.name, path)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def read_key_file(path: Path) -> FixedKeys:
    """The keys of a PEM file or of a key set in JSON; raises OperatorError that says what is wrong."""
    try:
        content = path.read_bytes()
        keys = _json_keys(content) if content.lstrip().startswith(b"{") else _pem_keys(content)
    except OSError as error:
        raise OperatorError(f"ZORBIT_JWT_KEY_FILE: cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise OperatorError(f"ZORBIT_JWT_KEY_FILE: {path}: {error}") from None
    return FixedKeys(keys)


def _json_keys(content: bytes) -> KeySet:
    jwks = entries(content)
    if any("d" in jwk for jwk in jwks):
        raise ValueError(_PRIVATE)
    keys = key_set(jwks)
    if not keys.keys:
        raise ValueError(f"no key that can be used: {_USABLE}")
    return keys


def _pem_keys(content: bytes) -> KeySet:
    keys: dict[str, Key] = {}
    for block in _PEM_BLOCK.finditer(content):
        if b"PRIVATE" in block[1]:
            raise ValueError(_PRIVATE)
        try:
            public = load_pem_public_key(block[0])
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError(f"not a public key: {_USABLE}") from None
        key = key_of(public)
        if key is None:
            raise ValueError(f"a key that cannot be used: {_USABLE}")
        if key.algorithm in keys:
            raise ValueError(f"two keys for {key.algorithm}: a key set in JSON can tell them apart by name")
        keys[key.algorithm] = key
    if not keys:
        raise ValueError("neither a public key in PEM nor a key set in JSON")
    return KeySet(tuple(keys.values()))

"""Keys: whose signatures count.

The algorithm belongs to the key; a token's header can only agree with it. Keys that fit none of the three
algorithms (symmetric ones, encryption keys, other curves, short RSA keys) are never taken up.
"""

from base64 import urlsafe_b64decode
from dataclasses import dataclass

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

ALGORITHMS = ("EdDSA", "ES256", "RS256")

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


@dataclass(frozen=True, slots=True)
class Key:
    """A public key; `id` is the `kid` that tokens name it by, None for a key without a name."""

    id: str | None
    algorithm: str
    public: PublicKey


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that verify at one time."""

    keys: tuple[Key, ...] = ()

    def find(self, algorithm: str, kid: str | None) -> Key | None:
        """The one key that a token can mean; None when there is none, or a choice.

        A key without a name answers to any `kid` that no other key bears: issuers name keys in their tokens
        even where the key itself was handed over as a bare PEM.
        """
        fitting = [key for key in self.keys if key.algorithm == algorithm]
        if kid is not None:
            fitting = [key for key in fitting if key.id == kid] or [key for key in fitting if key.id is None]
        return fitting[0] if len(fitting) == 1 else None


def entries(content: bytes) -> list[dict[str, object]]:
    """The keys of a JSON Web Key Set as they are written; raises ValueError for anything else."""
    match orjson.loads(content):
        case {"keys": list(keys)}:
            return [key for key in keys if isinstance(key, dict)]
    raise ValueError('not a key set: it has the form {"keys": [...]}')


def key_set(jwks: list[dict[str, object]]) -> KeySet:
    """The keys that can be used; the others are left out."""
    keys: list[Key] = []
    for jwk in jwks:
        key = _from_jwk(jwk)
        if key is not None and key not in keys:
            keys.append(key)
    return KeySet(tuple(keys))


def _from_jwk(jwk: dict[str, object]) -> Key | None:
    kid, uses = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    signs = jwk.get("use", "sig") == "sig" and isinstance(uses, list) and "verify" in uses
    if not signs or "d" in jwk or not isinstance(kid, str | None):
        return None
    try:
        key = key_of(_public_key(jwk), kid)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if key and jwk.get("alg", key.algorithm) == key.algorithm else None


def _public_key(jwk: dict[str, object]) -> PublicKey | None:
    match jwk:
        case {"kty": "OKP", "crv": "Ed25519", "x": str(x)}:
            return Ed25519PublicKey.from_public_bytes(_decoded(x))
        case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)}:
            return EllipticCurvePublicNumbers(_number(x), _number(y), SECP256R1()).public_key()
        case {"kty": "RSA", "n": str(n), "e": str(e)}:
            return RSAPublicNumbers(_number(e), _number(n)).public_key()
    return None


def key_of(public: object, kid: str | None = None) -> Key | None:
    """The public key with its algorithm; None for a kind that is not used here."""
    match public:
        case Ed25519PublicKey():
            return Key(kid, "EdDSA", public)
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return Key(kid, "ES256", public)
        case RSAPublicKey() if public.key_size >= 2048:
            return Key(kid, "RS256", public)
    return None


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text))

"""Who is asking: from an `Authorization` header to claims that an issuer stands for.

Whether the subject is a user, alive and of which role, is for the database to say, at every request.
"""

import hashlib
import re
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import jwt
import orjson

from zorbit.auth.keys import ALGORITHMS, Key, KeySet
from zorbit.auth.local import AUDIENCE, ISSUER, FixedKeys, LocalIssuer, read_key_file
from zorbit.config import Settings
from zorbit.errors import OperatorError, Unauthenticated

MAX_TOKEN = 8 * 1024
REMEMBERED = 10_000

_CREDENTIAL = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE | re.ASCII)
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# PostgreSQL takes neither NUL nor lone surrogates as text; no control character belongs into a log either.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")
_YEAR_10000 = 253_402_300_800

_MALFORMED = "The token is malformed."
_MESSAGES: dict[type[jwt.PyJWTError], str] = {
    jwt.InvalidSignatureError: "The token's signature is not valid.",
    jwt.InvalidIssuerError: "The token is from another issuer.",
    jwt.InvalidAudienceError: "The token is for another audience.",
    jwt.MissingRequiredClaimError: "The token lacks a claim: exp, iss, aud and sub are needed.",
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    expires_at: float
    caller: str = field(init=False, repr=False, compare=False)
    """Whom that means, as one text: its hash is kept, a tuple's is not, and a request needs it five times."""

    def __post_init__(self) -> None:
        """Neither part holds a line's end."""
        object.__setattr__(self, "caller", f"{self.issuer}\n{self.subject}")


class KeySource(Protocol):
    """Where a verifier's keys come from."""

    def known(self) -> KeySet | None:
        """The keys as `current` would give them, unless it has something to do for that."""

    async def current(self) -> KeySet:
        """The keys as they are known; raises Unavailable when there are none to judge by."""

    async def renewed(self) -> KeySet:
        """The keys for a token whose key `current` lacks."""

    async def aclose(self) -> None:
        """Lets go of connections."""


@dataclass(frozen=True, slots=True)
class _Verified:
    claims: Claims
    starts_at: float
    key: Key


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies tokens of one issuer for one audience.

    Signatures are remembered, because a client sends one token many times: checking one costs 120 (EdDSA),
    75 (ES256) or 65 (RS256) microseconds, recalling it 1. A token is recalled only while its key is in the
    key set and its times hold.
    """

    source: KeySource
    issuer: str
    audience: str
    leeway: float
    clock: Callable[[], float] = time.time
    _verified: OrderedDict[bytes, _Verified] = field(default_factory=OrderedDict, init=False, repr=False)

    def recall(self, token: bytes) -> Claims | None:
        """The claims of a token that was verified before, and still holds; of anything else None."""
        keys = self.source.known()
        if keys is None:
            return None
        digest = hashlib.sha256(token).digest()
        verified = self._verified.get(digest)
        if verified is None or self._lapse(verified) is not None or verified.key not in keys.keys:
            return None
        self._verified.move_to_end(digest)
        return verified.claims

    async def verify(self, token: str, before: Callable[[], None] = lambda: None) -> Claims:
        """The claims of `token`; `before` its signature has to be checked, something may be asked or refused.

        Raises Unauthenticated, or Unavailable while the issuer's keys are out of reach.
        """
        if len(token) > MAX_TOKEN or not token.isascii():
            raise Unauthenticated(_MALFORMED)
        digest = hashlib.sha256(token.encode()).digest()
        verified = await self._kept(digest)
        if verified is None:
            before()
            verified = await self._check(token)
        if (lapse := self._lapse(verified)) is not None:
            raise Unauthenticated(lapse)
        self._remember(digest, verified)
        return verified.claims

    async def aclose(self) -> None:
        """Lets go of the connections to the issuer."""
        await self.source.aclose()

    async def _kept(self, digest: bytes) -> _Verified | None:
        """Takes a remembered token out: it comes back as the one used last, or not at all."""
        if digest not in self._verified:
            return None
        keys = await self.source.current()
        verified = self._verified.pop(digest, None)
        return verified if verified and verified.key in keys.keys else None

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._verified[digest] = verified
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)

    async def _check(self, token: str) -> _Verified:
        key = await self._key(*_header(token))
        try:
            payload = jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                issuer=self.issuer,
                audience=self.audience,
                # The subject is checked below, and times at each use of a remembered token.
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_sub": False,
                },
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(_MESSAGES.get(type(error), _MALFORMED)) from None
        return _Verified(_claims(payload), max(_moment(payload, "nbf"), _moment(payload, "iat")), key)

    async def _key(self, algorithm: str, kid: str | None) -> Key:
        key = (await self.source.current()).find(algorithm, kid)
        if key is None:
            key = (await self.source.renewed()).find(algorithm, kid)
        if key is None:
            raise Unauthenticated("The token is signed with an unknown key.")
        return key

    def _lapse(self, verified: _Verified) -> str | None:
        """Why a token does not hold at the moment, if it does not."""
        now = self.clock()
        if verified.claims.expires_at <= now - self.leeway:
            return "The token has expired."
        if verified.starts_at > now + self.leeway:
            return "The token is not valid yet."
        return None


def bearer(header: str) -> str:
    """The token of an `Authorization` header.

    Raises Unauthenticated for any other scheme and for anything but one token.
    """
    credential = _CREDENTIAL.fullmatch(header.strip(" \t"))
    if credential is None:
        raise Unauthenticated("The Authorization header must have the form `Bearer <token>`.")
    return credential[1]


def verifier(settings: Settings) -> Verifier:
    """The verifier that the settings ask for; raises OperatorError where they name no usable key source."""
    if settings.embedded and not settings.has_key_source:
        keys = FixedKeys(LocalIssuer.open(settings.data_dir).keys)
        return Verifier(keys, ISSUER, AUDIENCE, settings.jwt_leeway)
    source = _configured_source(settings)
    if source and settings.jwt_issuer and settings.jwt_audience:
        return Verifier(source, settings.jwt_issuer, settings.jwt_audience, settings.jwt_leeway)
    raise OperatorError(
        "a server with its own database needs a key source: set ZORBIT_JWKS_URL or ZORBIT_JWT_KEY_FILE "
        "(with ZORBIT_JWT_ISSUER and ZORBIT_JWT_AUDIENCE)"
    )


def _configured_source(settings: Settings) -> KeySource | None:
    if settings.jwks_url:
        # Imported here: nothing else in a server needs httpx, which takes 25 ms and 4 MB.
        from zorbit.auth.jwks import JwksAddress  # noqa: PLC0415

        return JwksAddress(settings.jwks_url)
    if settings.jwt_key_file:
        return read_key_file(settings.jwt_key_file)
    return None


def _header(token: str) -> tuple[str, str | None]:
    """The algorithm and the key id that the token claims; keys it brings along or points at count nothing."""
    compact = _COMPACT.fullmatch(token)
    try:
        header = orjson.loads(urlsafe_b64decode(compact[1] + "==")) if compact else None
    except ValueError:
        header = None
    if not isinstance(header, dict) or "crit" in header:
        raise Unauthenticated(_MALFORMED)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise Unauthenticated("The token's algorithm is not one of " + ", ".join(ALGORITHMS) + ".")
    if not isinstance(kid, str | None):
        raise Unauthenticated(_MALFORMED)
    return algorithm, kid


def _claims(payload: dict[str, Any]) -> Claims:
    subject, email = payload["sub"], payload.get("email")
    if not _is_plain(subject):
        raise Unauthenticated("The token's subject is not a text of 1 to 255 characters.")
    return Claims(
        issuer=payload["iss"],
        subject=subject,
        email=email if _is_plain(email) else None,
        email_verified=payload.get("email_verified") is True,
        expires_at=_moment(payload, "exp"),
    )


def _is_plain(text: object) -> bool:
    return isinstance(text, str) and _PLAIN.fullmatch(text) is not None


def _moment(payload: dict[str, Any], claim: str) -> float:
    """A time claim in seconds; the beginning of time where it is missing."""
    value = payload.get(claim, 0)
    # A bool is an int, and NaN compares false with everything: neither may pass for a time.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _YEAR_10000:
        raise Unauthenticated(_MALFORMED)
    return float(value)

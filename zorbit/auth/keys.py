"""Key sources: whose signatures count.

The algorithm belongs to the key; a token's header can only agree with it. Keys that fit none of the three
algorithms (symmetric ones, encryption keys, other curves, short RSA keys) are never taken up.
"""

import asyncio
import math
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import orjson
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from zorbit.errors import OperatorError, Unavailable

ALGORITHMS = ("EdDSA", "ES256", "RS256")
MAX_BYTES = 256 * 1024

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

log = structlog.get_logger(__name__)


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


class JwksAddress:
    """An issuer's key set at an address, fetched at first use and again while it is used.

    One fetch runs at a time, for everybody. While the issuer cannot be reached the known keys stay good for
    a day, and requests do not wait for it.
    """

    TIMEOUT = 5.0
    REFRESH_AFTER = 300.0
    """Older keys are refreshed in the background..."""
    WAIT_AFTER = 600.0
    """...and keys this old (nobody asked for a while) are not used before that is done."""
    KEEP = 24 * 3600.0
    """How long an outage of the issuer is survived."""
    RENEW_EVERY = 10.0
    """Unknown key ids cost the issuer one fetch in this time, however many a flood of bad tokens names."""
    MAX_BACKOFF = 60.0

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises OperatorError for an address that cannot be one."""
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise OperatorError(f"ZORBIT_JWKS_URL: not an address: {error}") from None
        # A compressed body could grow without limit as it is unpacked; redirects could lead anywhere.
        self._client = httpx.AsyncClient(headers={"accept-encoding": "identity"}, follow_redirects=False)
        self._clock = clock
        self._keys = KeySet()
        self._fetched_at = self._started_at = self._not_before = -math.inf
        self._failures = 0
        self._fetching: asyncio.Task[None] | None = None

    async def current(self) -> KeySet:
        """The keys as they are known; raises Unavailable when they never were, or too long ago."""
        age = self._age()
        if age > self.REFRESH_AFTER:
            self._start()
        if age > (self.KEEP if self._failures else self.WAIT_AFTER):
            await self._settled()
        return self._known()

    async def renewed(self) -> KeySet:
        """As `current`, but fetched anew unless that was done a moment ago: for an unknown key id."""
        if self._clock() - self._started_at >= self.RENEW_EVERY:
            self._start()
        await self._settled()
        return self._known()

    async def aclose(self) -> None:
        """Gives up a running fetch and closes the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
        await self._settled()
        await self._client.aclose()

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _known(self) -> KeySet:
        if self._age() > self.KEEP:
            raise Unavailable("The keys of the token issuer cannot be fetched. Try again shortly.")
        return self._keys

    def _start(self) -> None:
        now = self._clock()
        if now >= self._not_before and (self._fetching is None or self._fetching.done()):
            self._started_at = now
            self._fetching = asyncio.create_task(self._update())

    async def _settled(self) -> None:
        if self._fetching is not None:
            # Unlike `await task`, this leaves the fetch to the others when one request is cancelled.
            await asyncio.wait([self._fetching])

    async def _update(self) -> None:
        try:
            keys = key_set(entries(await self._download()))
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            self._failures += 1
            delay = min(2.0**self._failures, self.MAX_BACKOFF)
            self._not_before = self._clock() + delay
            reason = str(error) or type(error).__name__
            log.warning("keys not fetched", host=self._url.host, reason=reason, retry_seconds=delay)
        else:
            if self._failures or keys != self._keys:
                log.info("keys fetched", host=self._url.host, usable=len(keys.keys))
            self._keys, self._fetched_at, self._failures = keys, self._clock(), 0

    async def _download(self) -> bytes:
        body = bytearray()
        async with asyncio.timeout(self.TIMEOUT), self._client.stream("GET", self._url) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"status {response.status_code}")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError(f"more than {MAX_BYTES} bytes")
        return bytes(body)


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

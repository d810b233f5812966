"""The keys of an issuer that publishes them at an address."""

import asyncio
import math
import time
from collections.abc import Callable

import httpx
import structlog

from zorbit.auth.keys import KeySet, entries, key_set
from zorbit.errors import OperatorError, Unavailable

MAX_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


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

    def known(self) -> KeySet | None:
        """The keys, while they are so fresh that `current` would start nothing."""
        return self._keys if self._age() <= self.REFRESH_AFTER else None

    async def current(self) -> KeySet:
        """The keys as they are known; raises Unavailable when they never were, or too long ago."""
        age = self._age()
        if age > self.REFRESH_AFTER:
            self._start()
        if age > (self.KEEP if self._failures else self.WAIT_AFTER):
            await self._settled()
        return self._kept()

    async def renewed(self) -> KeySet:
        """As `current`, but fetched anew unless that was done a moment ago: for an unknown key id."""
        if self._clock() - self._started_at >= self.RENEW_EVERY:
            self._start()
        await self._settled()
        return self._kept()

    async def aclose(self) -> None:
        """Gives up a running fetch and closes the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
        await self._settled()
        await self._client.aclose()

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _kept(self) -> KeySet:
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

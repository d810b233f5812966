"""How much a caller may ask for in a while: operations are paid for in points, by what they cost."""

from collections.abc import Hashable
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from starlette.types import Scope

from zorbit.buckets import Buckets
from zorbit.config import Settings
from zorbit.engine.http import HTTPRefused
from zorbit.errors import Code

REQUEST = 1
"""Points for a request, whatever becomes of it."""
READ = 32
"""Bytes of a large body that come to a point: at worst, as a list of empty lists, to read them takes 2
microseconds."""
NEW_TEXT = 10_000
"""Points for a document that this process has not seen: to make it ready takes 2 to 5 milliseconds."""
TOKEN, SHORT = 100, 300
"""Points for each token of a new text beyond so many: one that is meant to be dear takes 60 milliseconds."""
STATEMENT, INCLUDED = 2_000, 5
"""Points for a statement that a request is the first to need, which takes one to three milliseconds; so many
are paid for with a new text."""
BYTES = 4
"""Of an answer that come to a point: an id alone, the dearest, takes 45 and costs 11. To count what an answer
holds instead took 30 microseconds for 48 objects."""
UNKNOWN_TOKEN = 10_000
"""Points for a token that is not known to be good, of whoever has the address; given back if it is."""
SITE = 64
"""Bits of an IPv6 address that one site has."""

Headers = tuple[tuple[bytes, bytes], ...]


class Charge:
    """What one request takes from the bucket of a caller.

    What is not known of it yet stays the class's own: to set all of it took half a microsecond.
    """

    taken = 0
    """At last."""
    least = 0
    """What of it is spent whatever the answer holds."""
    full_in = 0.0
    """Seconds until the bucket is full."""
    owed = 0
    """What turned out to be spent beside what was taken: the bucket may come to hold less than nothing."""

    def __init__(self, buckets: Buckets | None, caller: Hashable) -> None:
        """Nothing is taken yet; without buckets nothing ever is."""
        self.buckets = buckets
        self.caller = caller

    def take(self, points: int, least: int | None = None) -> None:
        """Take points, of which `least` stay taken, by default all; raises HTTPRefused for lack of them."""
        if self.buckets is None:
            return
        seconds, self.full_in = self.buckets.take(self.caller, points)
        if seconds and not self.taken:
            # Paid for first, so that after the seconds that are told there is enough.
            self.taken = REQUEST
            self.buckets.take(self.caller, REQUEST)
            seconds, self.full_in = self.buckets.take(self.caller, points)
        if seconds:
            left = self.buckets.left(self.full_in)
            message = f"the operation needs {points} points of your rate limit, {left} are left"
            headers = {"Retry-After": str(ceil(seconds))}
            headers |= {name.decode(): value.decode() for name, value in self.headers()}
            raise HTTPRefused(429, message, Code.RATE_LIMITED, headers)
        self.taken, self.least = points, points if least is None else least

    def read(self, size: int) -> None:
        """Pay for a body before it is read; raises HTTPRefused."""
        self.take(size // READ)

    def end(self) -> None:
        """Pay for a request that ended before it was known what it asks for; raises HTTPRefused."""
        if not self.taken:
            self.take(REQUEST)

    def settle(self, size: int) -> Headers:
        """Give back what was taken at last and an answer of so many bytes did not use; what to tell of it."""
        unused = max(0, self.taken - self.least - size // BYTES) - self.owed
        if self.buckets is not None and unused:
            self.buckets.give(self.caller, unused)
            self.full_in = max(0.0, self.full_in - unused / self.buckets.rate)
        return self.headers()

    def headers(self) -> Headers:
        """What the caller is told of their bucket, in the words of the IETF's draft for rate limits."""
        if self.buckets is None:
            return ()
        left = self.buckets.left(self.full_in)
        state = b'"points";r=%d;t=%d' % (left, ceil(self.full_in))
        return _policy(self.buckets.burst, self.buckets.span), (b"ratelimit", state)


@cache
def _policy(burst: int, span: float) -> tuple[bytes, bytes]:
    return b"ratelimit-policy", b'"points";q=%d;w=%d' % (burst, ceil(span))


def buckets_of(settings: Settings) -> Buckets | None:
    """The buckets of all callers; none where nobody is limited."""
    if not settings.rate:
        return None
    return Buckets(settings.rate, settings.rate_burst, shared=settings.workers > 1)


def address_of(scope: Scope) -> str:
    """Whose address a request came from; of version 6 the site's, where one has as many as they like."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, SITE), strict=False))
    return host

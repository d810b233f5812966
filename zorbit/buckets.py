"""Token buckets, which the processes of a host share: in memory that is there before they fork.

A bucket is kept as the moment at which it will be full again, so that nothing has to fill it: one number a
caller (the generic cell rate algorithm). The clock is the host's, the same for all its processes.
"""

import fcntl
import mmap
import tempfile
import time
import weakref
from collections.abc import Callable, Hashable
from typing import IO, NamedTuple, cast

SETS, WAYS = 8192, 8
"""65,536 callers at once, in 1 MB. Of a set that is full, the bucket that is fullest makes room."""
WORD = 8
MASK = 2**64 - 1
ROUNDING = 1e-6
"""Seconds, and points, that are none."""


class Verdict(NamedTuple):
    """What became of a wish for points."""

    seconds: float
    """How long to wait until there would be enough; 0 where they were given."""
    full_in: float
    """Seconds until the bucket is full."""


class Buckets:
    """A bucket for each caller, of `burst` points, to which `rate` points a second come back."""

    def __init__(
        self, rate: float, burst: int, *, shared: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """All are full. They have to be made before the processes fork that share them."""
        self.rate, self.burst = rate, burst
        self._clock = clock
        self.span = burst / rate
        """Seconds in which an empty one fills."""
        half = SETS * WAYS * WORD
        memory = memoryview(mmap.mmap(-1, 2 * half))
        self._callers = memory[:half].cast("Q")
        self._full_at = memory[half:].cast("d")
        # A lock on a file goes with the process that holds it, however that ends; one in memory would stay.
        self._locks: IO[bytes] | None = None
        if shared:
            self._locks = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the buckets
            weakref.finalize(self, self._locks.close)

    def take(self, caller: Hashable, points: float) -> Verdict:
        """Take points, if there are enough."""
        key = hash(caller) & MASK or 1
        if self._locks is not None:
            self._hold(key)
        try:
            place, now = self._place(key), self._clock()
            full_in = max(self._full_at[place] - now, 0.0)
            after = full_in + points / self.rate
            seconds = after - self.span
            if seconds > ROUNDING:
                return Verdict(seconds, full_in)
            self._full_at[place] = now + after
            return Verdict(0.0, after)
        finally:
            if self._locks is not None:
                self._release(key)

    def give(self, caller: Hashable, points: float) -> None:
        """Give back what was taken and not used."""
        key = hash(caller) & MASK or 1
        if self._locks is not None:
            self._hold(key)
        try:
            self._full_at[self._place(key)] -= points / self.rate
        finally:
            if self._locks is not None:
                self._release(key)

    def left(self, full_in: float) -> int:
        """Points in a bucket that will be full in so many seconds."""
        return max(0, int((self.span - full_in) * self.rate + ROUNDING))

    def _place(self, key: int) -> int:
        start = key % SETS * WAYS
        if self._callers[start] == key:
            return start
        places = range(start, start + WAYS)
        for place in places:
            if self._callers[place] == key:
                return place
        place = min(places, key=self._full_at.__getitem__)
        self._callers[place], self._full_at[place] = key, 0.0
        return place

    def _hold(self, key: int) -> None:
        """Until it is released, no other process looks into a key's set."""
        fcntl.lockf(cast("IO[bytes]", self._locks), fcntl.LOCK_EX, 1, key % SETS)

    def _release(self, key: int) -> None:
        fcntl.lockf(cast("IO[bytes]", self._locks), fcntl.LOCK_UN, 1, key % SETS)

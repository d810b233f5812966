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
from typing import IO, NamedTuple

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
    left: int
    """Points in the bucket now."""
    full_in: float
    """Seconds until it is full."""


class Buckets:
    """A bucket for each caller, of `burst` points, to which `rate` points a second come back."""

    def __init__(
        self, rate: float, burst: int, *, shared: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """All are full. They have to be made before the processes fork that share them."""
        self.rate, self.burst = rate, burst
        self._clock = clock
        self._span = burst / rate
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
        self._hold(key % SETS)
        try:
            place, now = self._place(key), self._clock()
            full_at = max(self._full_at[place], now)
            then = full_at + points / self.rate
            seconds = then - now - self._span
            if seconds > ROUNDING:
                then = full_at
            self._full_at[place] = then
        finally:
            self._release(key % SETS)
        full_in = then - now
        left = max(0, int((self._span - full_in) * self.rate + ROUNDING))
        return Verdict(seconds if seconds > ROUNDING else 0.0, left, full_in)

    def give(self, caller: Hashable, points: float) -> None:
        """Give back what was taken and not used."""
        key = hash(caller) & MASK or 1
        self._hold(key % SETS)
        try:
            self._full_at[self._place(key)] -= points / self.rate
        finally:
            self._release(key % SETS)

    def _place(self, key: int) -> int:
        start = key % SETS * WAYS
        places = range(start, start + WAYS)
        for place in places:
            if self._callers[place] == key:
                return place
        place = min(places, key=self._full_at.__getitem__)
        self._callers[place], self._full_at[place] = key, 0.0
        return place

    def _hold(self, number: int) -> None:
        """Until it is released, no other process looks into a set."""
        if self._locks is not None:
            fcntl.lockf(self._locks, fcntl.LOCK_EX, 1, number)

    def _release(self, number: int) -> None:
        if self._locks is not None:
            fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, number)

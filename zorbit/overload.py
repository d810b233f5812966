"""How many operations a process runs at once: one too many is told to come again before it costs anything."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import structlog

from zorbit.engine.http import HTTPRefused
from zorbit.errors import Code

RETRY_AFTER = {"Retry-After": "1"}
"""Seconds; what runs takes far less."""
SILENCE = 1.0
"""Seconds between two lines in the log that say how many were turned away."""

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Load:
    """The operations that run. One counts from when its request is whole: slow clients keep nobody out.

    A caller may have as many as there are places left (Choudhury and Hahne's dynamic threshold): one alone
    half of all, each of `n` who want all they can get an `n + 1`th part, with as much left for others.
    """

    most: int
    shed: Callable[[str], None]
    """Told of each that is turned away, by what it was."""
    kind: str = "operations"
    running: int = 0
    turned_away: int = 0
    """Since the process began."""
    _callers: dict[Hashable, int] = field(default_factory=dict)
    """How many each has of those that run."""
    _told: float = 0.0

    @property
    def is_full(self) -> bool:
        """Whether one more would be too many."""
        return self.running >= self.most

    def enter(self, caller: Hashable) -> None:
        """An operation of a caller begins; raises HTTPRefused."""
        own = self._callers.get(caller, 0)
        if own >= self.most - self.running:
            raise self.turn_away() if self.is_full else _too_many(own, self.kind)
        self.running += 1
        self._callers[caller] = own + 1

    def leave(self, caller: Hashable) -> None:
        """It has ended."""
        self.running -= 1
        own = self._callers.pop(caller) - 1
        if own:
            self._callers[caller] = own

    def turn_away(self) -> HTTPRefused:
        """What one too many is answered with."""
        self.turned_away += 1
        self.shed(self.kind)
        if (now := time.monotonic()) - self._told > SILENCE:
            self._told = now
            logger.warning("overloaded", kind=self.kind, running=self.running, turned_away=self.turned_away)
        return HTTPRefused(503, "the server is busy", Code.UNAVAILABLE, RETRY_AFTER)


def _too_many(own: int, kind: str) -> HTTPRefused:
    """What one too many of a caller's is answered with."""
    message = f"{own} of your {kind} are at work already, and no more than that can begin now"
    return HTTPRefused(429, message, Code.RATE_LIMITED, RETRY_AFTER)

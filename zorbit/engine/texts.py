"""Documents by their ids, as long as they are wanted."""

import time
from collections import OrderedDict
from collections.abc import Callable

ENTRIES = 1_000
CHARACTERS = 2_000_000
LIFETIME = 24 * 3600
"""Seconds after which a document is looked up again: so whoever keeps it learns that it is still in use."""


class Texts:
    """Documents that were looked up: within bounds, those that were used last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """None is known yet."""
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._characters = 0

    def get(self, id: str) -> str | None:
        """The document, if it was looked up of late."""
        found = self._known.get(id)
        if found is None:
            return None
        text, until = found
        if until <= self._clock():
            self._drop(id)
            return None
        self._known.move_to_end(id)
        return text

    def put(self, id: str, text: str) -> None:
        """Keep a document."""
        self._drop(id)
        self._known[id] = text, self._clock() + LIFETIME
        self._characters += len(text)
        while len(self._known) > ENTRIES or self._characters > CHARACTERS:
            self._drop(next(iter(self._known)))

    def _drop(self, id: str) -> None:
        text, _ = self._known.pop(id, ("", 0.0))
        self._characters -= len(text)

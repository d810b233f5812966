"""Documents that were made ready, as long as there is room for them."""

from collections import OrderedDict

from zorbit.engine.documents import Ready

TEXTS = 500
CHARACTERS = 2_000_000
WEIGHT = 20_000
"""Of all texts, plans and answers together, in fields."""


class Remembered:
    """Within bounds, those that were used last."""

    def __init__(self) -> None:
        """None is known yet."""
        self.known: OrderedDict[str, Ready] = OrderedDict()
        self._weights: dict[str, int] = {}
        # Sums over all texts: to add up 500 for each new one took a sixth of its time.
        self._characters = self._weight = 0

    def get(self, text: str) -> Ready | None:
        """The text, ready, if it is remembered."""
        known = self.known.get(text)
        if known is not None:
            self.known.move_to_end(text)
        return known

    def put(self, text: str, ready: Ready) -> None:
        """Remember a new text."""
        self.known[text] = ready
        self._characters += len(text)
        self.weigh(text)

    def weigh(self, text: str) -> None:
        """See what a text holds by now, and forget what was not used for longest; the last one stays."""
        if text not in self.known:
            return
        weight = self.known[text].weight
        self._weight += weight - self._weights.get(text, 0)
        self._weights[text] = weight
        while len(self.known) > 1 and (
            len(self.known) > TEXTS or self._characters > CHARACTERS or self._weight > WEIGHT
        ):
            forgotten, _ = self.known.popitem(last=False)
            self._characters -= len(forgotten)
            self._weight -= self._weights.pop(forgotten)

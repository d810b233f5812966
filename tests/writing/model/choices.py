"""Values for inputs, chosen at random among what there is by then."""

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from tests.writing.model.rules import Input
from tests.writing.model.state import State, status

T = TypeVar("T")

LEFT_OUT = object()
PAST, SOON, LATER = "2020-01-31T09:00:00Z", "2099-01-31T09:00:00Z", "2099-02-28T09:00:00Z"
LONG_AGO = "2020-01-01T00:00:00Z"
ADDRESSES = ["https://www.linkedin.com/feed/1", "https://www.linkedin.com/feed/2", "https://example.com/1"]
LONG_NAME, LONG_POST = "x" * 301, "🙂" * 1501
NAMES = ["One", "Two", "", "Three", LONG_NAME]
TEXTS = ["Words.", "Other words.", "", LONG_POST, "a\0b"]
SYSTEM = "clear_teacher"

# What a field may be given: the first two of them mostly.
FIELDS: dict[str, dict[str, list[Any]]] = {
    "thread": {"title": [LEFT_OUT, *NAMES, None], "type": [LEFT_OUT, "POST", "IDEA", None]},
    "message": {"content": TEXTS, "generationTime": [LEFT_OUT, 1.5, None, -1.0]},
    "idea": {
        "title": NAMES,
        "content": TEXTS,
        "keyTakeaways": [LEFT_OUT, ["one", ""], [], None],
        "controversialAngle": [LEFT_OUT, "Is it?", None],
    },
    "post": {
        "content": TEXTS,
        "title": [LEFT_OUT, *NAMES, None],
        "type": [LEFT_OUT, LEFT_OUT, "POST_STACK", "IDEA", "POST", None],
        "imageUrl": [LEFT_OUT, LEFT_OUT, "https://example.com/0.png", None, "images/0.png"],
        "metadata": [LEFT_OUT, LEFT_OUT, {"model": ["m", None]}, None],
        "messageId": [LEFT_OUT, "message", None],
        "personaId": [LEFT_OUT, "persona", None],
        "templateId": [LEFT_OUT, "template", None],
        "systemPersonaId": [LEFT_OUT, LEFT_OUT, SYSTEM, None, "nobody"],
    },
    "persona": {
        "name": NAMES,
        "defaultPrompt": TEXTS,
        "profession": [LEFT_OUT, "Chef", None],
        "preferences": [LEFT_OUT, {"tone": ["dry", None]}, None],
    },
    "template": {"name": NAMES, "content": TEXTS},
    "comment": {
        "firstName": NAMES,
        "lastName": NAMES,
        "quote": TEXTS,
        "date": [LONG_AGO, SOON, None],
        "title": [LEFT_OUT, "Chef", None],
        "personaId": [LEFT_OUT, "persona", None],
    },
}
REQUIRED = {
    "message": {"content"},
    "idea": {"title", "content"},
    "post": {"content"},
    "persona": {"name", "defaultPrompt"},
    "template": {"name", "content"},
    "comment": {"firstName", "lastName", "quote"},
}


class Choice:
    """Chooses for a caller."""

    def __init__(self, state: State, caller: str, random: Random) -> None:
        self.state = state
        self.caller = caller
        self.random = random

    def of(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def row(self, kind: str, *statuses: str) -> str:
        """A row that the caller sees; sometimes any, or one that there is not."""
        seen = self.state.seen(self.caller, kind)
        fitting = [name for name in seen if statuses and status(self.state.rows[name]) in statuses]
        return self._near(fitting or seen, kind)

    def gone(self, kind: str) -> str:
        """A row that the caller could restore; sometimes any."""
        return self._near(self.restorable(kind), kind)

    def restorable(self, kind: str) -> list[str]:
        rows = [row for row in self.state.rows.values() if row["kind"] == kind and row["deleted"]]
        return [row["id"] for row in rows if self.state.may(self.caller, row)]

    def _near(self, wanted: list[str], kind: str) -> str:
        rows = [name for name, row in self.state.rows.items() if row["kind"] == kind]
        return self.of(wanted if wanted and self.random.random() < 0.9 else [*rows, "unknown"])

    def values(self, kind: str, *, new: bool) -> Input:
        """Values for a row."""
        found = {}
        for name, options in FIELDS[kind].items():
            if new and name in REQUIRED.get(kind, ()):
                value = self.of([*options[:2] * 4, *options])
            elif new or LEFT_OUT in options:
                value = self.of([*options[:2] * 2, *options])
            else:
                value = self.of([LEFT_OUT, LEFT_OUT, *options[:2] * 3, *options, None])
            if value is not LEFT_OUT:
                found[name] = self.row(value) if name.endswith("Id") and value in FIELDS else value
        return found

    def unchanged(self, name: str) -> Input:
        """`ifUpdatedAt`, or not."""
        current = self.state.stamps.get(name, SOON)
        return self.of([{}, {}, {}, {}, {"ifUpdatedAt": current}, {"ifUpdatedAt": LONG_AGO}])

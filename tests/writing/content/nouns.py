"""The nouns that clients write, and a world to write them into."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from tests.rows import insert, stored

LONG_AGO = "2020-01-02T03:04:05Z"
TRAITS = [
    *("description", "targetAudience", "profession", "relevantKeywords", "opinions", "vocabulary"),
    *("avoidWords", "endGoal", "customHashtag", "fixCta"),
]


@dataclass(frozen=True)
class Noun:
    """What is written, and with what."""

    name: str
    table: str
    required: dict[str, Any]
    optional: dict[str, Any] = field(default_factory=dict)
    defaulted: dict[str, Any] = field(default_factory=dict)
    """What may be left out, but is never null."""
    parent: str | None = None
    """The field that names what it is below."""

    @property
    def title(self) -> str:
        return self.name.capitalize()

    @property
    def whole(self) -> dict[str, Any]:
        return self.required | self.optional | self.defaulted

    @property
    def shown(self) -> str:
        above = f"{self.parent.removesuffix('Id')} {{ id }}" if self.parent else ""
        return f"{self.name} {{ id updatedAt user {{ id }} {above} {' '.join(self.whole)} }}"


NOUNS = {
    noun.name: noun
    for noun in [
        Noun("message", "ChatMessage", {"content": "Hello"}, {"generationTime": 1.5}, parent="threadId"),
        Noun(
            "idea",
            "ContentIdea",
            {"title": "An idea", "content": "In full."},
            {"keyTakeaways": ["one", ""], "controversialAngle": "Is it?"},
            parent="messageId",
        ),
        Noun(
            "persona",
            "Persona",
            {"name": "Ada", "defaultPrompt": "Write plainly."},
            {trait: f"Her {trait}" for trait in TRAITS} | {"preferences": {"tone": ["dry", None]}},
        ),
        Noun("template", "Template", {"name": "Hook", "content": "Once, {name} ..."}),
        Noun(
            "comment",
            "Comment",
            {"firstName": "Jo", "lastName": "Doe", "quote": "Well said."},
            {"title": "Chef", "image": "https://example.com/jo.png", "profileUrl": "https://example.com/jo"},
            {"date": LONG_AGO},
        ),
    ]
}
EVERY = pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)


@dataclass
class World:
    """An owner who may have three personas, a stranger, an admin, and what messages and ideas are below."""

    url: str
    owner: UUID
    stranger: UUID
    admin: UUID
    threads: dict[str, UUID] = field(default_factory=dict)
    messages: dict[str, UUID] = field(default_factory=dict)

    def parents(self, noun: Noun) -> dict[str, UUID]:
        """What a row can be put below: "own"; and what it can't."""
        return {"threadId": self.threads, "messageId": self.messages}[noun.parent or ""]

    def row(self, noun: Noun, case: str = "own", **values: Any) -> UUID:
        """A row: own, deleted, their (the stranger's), or buried: below what is deleted."""
        columns = {"userId": self.stranger if case == "their" else self.owner, "isDeleted": case == "deleted"}
        if noun.parent:
            column = {"threadId": "threadId", "messageId": "chatMessageId"}[noun.parent]
            columns[column] = self.parents(noun)[case if case in {"their", "buried"} else "own"]
        return insert(self.url, noun.table, **columns | values)

    def stored(self, table: str) -> list[tuple[Any, ...]]:
        """The rows of a table, whole."""
        return stored(self.url, table)


def settle(url: str) -> World:
    """A world with nothing in it yet."""
    owner, stranger = insert(url, "User"), insert(url, "User")
    made = World(url, owner, stranger, insert(url, "User", role="admin"))
    insert(url, "Subscription", userId=owner, planId=insert(url, "Plan", personaLimit=3))
    made.threads = {
        "own": insert(url, "Thread", userId=owner),
        "their": insert(url, "Thread", userId=stranger),
        "buried": insert(url, "Thread", userId=owner, isDeleted=True),
    }
    for case in ("own", "their", "buried", "deleted"):
        made.messages[case] = made.row(NOUNS["message"], case)
    return made


def parent(noun: Noun, world: World) -> dict[str, UUID]:
    """The field that puts a new row below what is the owner's, if it needs one."""
    return {noun.parent: world.parents(noun)["own"]} if noun.parent else {}

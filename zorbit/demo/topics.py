"""What is written about: the topics' files, and the prose that is put together from them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject with everything that can be said about it; each entry is whole sentences."""

    title: str
    hashtag: str
    threads: list[str]
    questions: list[str]
    openings: list[str]
    arguments: list[str]
    takeaways: list[str]
    closings: list[str]
    ideas: list[str]
    objections: list[str]
    comments: list[str]

    def answer(self, rng: Random) -> str:
        """A first reply to a question."""
        first, second, third = rng.sample(self.arguments, 3)
        opening, closing = rng.choice(self.openings), rng.choice(self.closings)
        return rng.choice(phrases()["answers"]).format(
            opening=opening, first=first, second=second, third=third, closing=closing
        )

    def objection(self, rng: Random) -> str:
        """A reply to the question what speaks against it."""
        objection, argument = rng.choice(self.objections), rng.choice(self.arguments)
        return rng.choice(phrases()["objections"]).format(objection=objection, argument=argument)

    def idea(self, rng: Random) -> str:
        """An idea in full."""
        return (
            f"{rng.choice(self.arguments)} Tell it with one case of your own, name the figure before and "
            f"after, and ask at the end: {rng.choice(self.closings)}"
        )

    def post(self, rng: Random, *, arguments: int = 2) -> str:
        """A post, ready to be posted: below 1,500 characters."""
        bullets = "\n".join(f"• {takeaway}" for takeaway in rng.sample(self.takeaways, arguments + 1))
        middle = " ".join(rng.sample(self.arguments, arguments))
        return "\n\n".join(
            [rng.choice(self.openings), middle, bullets, rng.choice(self.closings), self.hashtag]
        )


@cache
def topics() -> list[Topic]:
    """Every topic, in the order of the files' names."""
    return [Topic(**orjson.loads(path.read_bytes())) for path in sorted(FOLDER.glob("topics/*.json"))]


@cache
def library() -> dict[str, Any]:
    """Personas, templates and the names of people who comment."""
    found: dict[str, Any] = orjson.loads((FOLDER / "library.json").read_bytes())
    return found


@cache
def phrases() -> dict[str, list[str]]:
    """What is asked and answered whatever the topic."""
    found: dict[str, list[str]] = orjson.loads((FOLDER / "phrases.json").read_bytes())
    return found

"""What is asked: four fixed queries over the rows of `data.sql`, each for a random one of 2,000 users."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bench.places import QUERIES as FOLDER

USERS = 2000
READS = ("nested", "point", "list", "dashboard")
ADMIN = "admin"
_ASKED_BY = {"nested": "user", "dashboard": "user", "point": "post", "list": "persona"}


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request, and whose token it bears."""

    query: str
    variables: Mapping[str, Any]
    bearer: UUID | None = None

    @property
    def body(self) -> bytes:
        """As it is sent."""
        return orjson.dumps({"query": self.query, "variables": self.variables})


def key(text: str) -> UUID:
    """The id that `data.sql` gives: u1, pe1.2, t1.12, m1.12.10, p1.12.10 and so on."""
    return UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def user_id(user: int) -> UUID:
    """The id of a user by number."""
    return key(f"u{user}")


def asked_id(query: str, user: int) -> UUID:
    """The id that `query` asks for, of the user's: persona 2 has 48 live posts, the most."""
    ids = {
        "user": user_id(user),
        "post": key(f"p{user}.{user % 12 + 1}.{user % 8 + 1}"),
        "persona": key(f"pe{user}.2"),
    }
    return ids[_ASKED_BY[query]]


def statement(query: str) -> str:
    """The one statement whose answer is right; `$1` is the id."""
    return (FOLDER / f"{query}.sql").read_text()


def shuffled(users: int = USERS, *, of: int = USERS) -> list[int]:
    """The numbers of `users` users out of `of`, evenly spread, in an order that is the same every time."""
    users = min(users, of)
    numbers = [1 + number * of // users for number in range(users)]
    random.Random(7).shuffle(numbers)  # noqa: S311 - nothing secret
    return numbers

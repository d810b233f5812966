"""For each invariant of the doctor rows that break it, and beside them rows that come close."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests.rows import insert

SECRET = "what nobody but its author may read"

Offenders = list[tuple[str, UUID | None]]
BREACHES: dict[str, Callable[[str], Offenders]] = {}
"""By invariant: what writes rows that break it, and answers with those of them that must be named."""


def breach(write: Callable[[str], Offenders]) -> Callable[[str], Offenders]:
    BREACHES[write.__name__] = write
    return write


def user(url: str, **values: Any) -> UUID:
    return insert(url, "User", **values)


def post(url: str, **values: Any) -> UUID:
    return insert(url, "Post", **{"userId": user(url), "content": SECRET} | values)

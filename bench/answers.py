"""Whether an answer is right: compared with PostgreSQL's own, after bringing both to one shape."""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from bench.workload import USERS, asked_id, statement

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*")
_OF_CONNECTIONS = {"nodes", "edges", "pageInfo", "totalCount", "__typename"}
_UNORDERED = {"usageQuotas", "items"}
_MONEY = {"amount", "price", "unitPrice"}
_DOCUMENTS = {"metadata", "features"}
_ENUMS = {"type", "status"}


def canonical(value: Any, name: str = "") -> Any:
    """One shape for every convention.

    Connections become lists, instants and decimals numbers, enums lower case; what has no order is sorted.
    """
    match value:
        case {"data": {"persona": {"posts": posts, **others}}} if not others:
            return canonical({"data": {"posts": posts}})  # where a persona's posts hang off the persona
        case {"nodes": rows} | {"edges": rows} if set(value) <= _OF_CONNECTIONS:
            return canonical([row.get("node", row) for row in rows], name)
        case dict():
            return {key: canonical(item, key) for key, item in value.items() if key != "extensions"}
        case list():
            items = [canonical(item) for item in value]
            return sorted(items, key=json.dumps) if name in _UNORDERED else items
        case _:
            return _scalar(value, name)


def _scalar(value: Any, name: str) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and name in _MONEY | {"generationTime"}:
        return float(value)
    if not isinstance(value, str):
        return value
    if name in _DOCUMENTS and value[:1] in "{[":
        return canonical(json.loads(value))
    if name in _MONEY and _DECIMAL.fullmatch(value):
        return round(float(value), 6)
    if _INSTANT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return value.lower() if name in _ENUMS else value


def difference(wanted: Any, got: Any, path: str = "$") -> str:
    """Where two answers differ first, and how."""
    match wanted, got:
        case (dict(), dict()) if wanted.keys() == got.keys():
            pairs = [(f"{path}.{key}", wanted[key], got[key]) for key in wanted]
        case (list(), list()) if len(wanted) == len(got):
            pairs = [(f"{path}[{at}]", a, b) for at, (a, b) in enumerate(zip(wanted, got, strict=True))]
        case _:
            return f"{path}: wanted {str(wanted)[:200]}, got {str(got)[:200]}"
    return next(difference(a, b, place) for place, a, b in pairs if a != b)


def objects_in(value: Any) -> int:
    """How many objects with a field of their own an answer holds: what a reader would call rows."""
    match value:
        case Mapping():
            own = any(not isinstance(item, Mapping | list) for item in value.values())
            return own + sum(objects_in(item) for name, item in value.items() if name not in _DOCUMENTS)
        case list():
            return sum(objects_in(item) for item in value)
    return 0


@dataclass(frozen=True, slots=True)
class Reference:
    """PostgreSQL's own answers."""

    connection: psycopg.Connection
    users: int = USERS
    _known: dict[tuple[str, int], Any] = field(default_factory=dict, init=False)

    def answer(self, query: str, user: int) -> Any:
        """The right answer to `query` for the user."""
        if (query, user) not in self._known:
            text = statement(query).replace("%", "%%").replace("$1", "%(id)s::uuid")
            found = self.connection.execute(text.encode(), {"id": asked_id(query, user)}).fetchone()
            assert found is not None  # each is one row
            self._known[query, user] = canonical(json.loads(found[0]))
        return self._known[query, user]

    def samples(self, number: int = 3) -> list[int]:
        """Some users: the first, the second, the last, and others at random."""
        others = random.sample(range(3, self.users), number)
        return [1, 2, self.users, *others]

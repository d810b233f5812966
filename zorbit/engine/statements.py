"""From SQLAlchemy's statements to PostgreSQL's own text, with parameters by name."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import Select, literal_column
from sqlalchemy.dialects.postgresql import asyncpg

from zorbit.engine.journal import note_made
from zorbit.engine.wire import Parameters, Statement

S = TypeVar("S", bound="Select[*tuple[Any, ...]]")

KEPT = 500
"""Statements that are kept for further plans."""
DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call] # for `$1` and casts; asyncpg itself is not used


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement, and where its parameters come from: bytes as they are, names from a request."""

    statement: Statement
    parameters: tuple[bytes | str | None, ...]

    def given(self, values: Mapping[str, bytes | None]) -> Parameters:
        """The parameters of one request."""
        return [values[part] if type(part) is str else part for part in self.parameters]  # type: ignore[misc] # narrowed by type(), which is quicker than isinstance


class Shelf:
    """Statements by what they are made from, kept for other plans: to make one takes 1 to 3 milliseconds."""

    def __init__(self) -> None:
        """It is empty."""
        self._kept: OrderedDict[Hashable, Prepared] = OrderedDict()

    def get(self, key: Hashable | None, make: Callable[[], Prepared]) -> Prepared:
        """The statement that is made from what `key` holds; one without a key serves its own plan alone."""
        if key is None:
            note_made()
            return make()
        found = self._kept.get(key)
        if found is None:
            note_made()
            found = self._kept[key] = make()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


def prepared(statement: Any, names: Iterable[str], *, is_custom: bool = False) -> Prepared:
    """`statement` as PostgreSQL takes it; `names` are the parameters that a request gives.

    With `is_custom` PostgreSQL plans it for their values.
    """
    given = dict.fromkeys(names)
    # Expanded, because a list after IN has as many parameters as values.
    made = statement.compile(dialect=DIALECT).construct_expanded_state(given)
    parameters = [
        name if name in given else encoded(made.parameters[name]) for name in made.positiontup or ()
    ]
    return Prepared(Statement(made.statement, is_custom=is_custom), tuple(parameters))


def limited(statement: S, number: int) -> S:
    """`statement` cut to `number` rows, which PostgreSQL plans by: as a parameter it would guess."""
    return statement.limit(literal_column(str(number)))


def encoded(value: Any) -> bytes | None:
    """A parameter as PostgreSQL reads it from text; raises ValueError for what it would cut off at a NUL."""
    text = _text(value)
    if text is None:
        return None
    if "\0" in text:
        raise ValueError("a parameter holds NUL")
    return text.encode()


def array(values: Sequence[str]) -> bytes:
    """An array of what needs no quotes: ids."""
    return ("{" + ",".join(values) + "}").encode()


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Enum):
        value = value.value
    write = next((write for kind, write in WRITERS.items() if isinstance(value, kind)), str)
    return write(value)


def _item(value: Any) -> str:
    text = _text(value)
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


WRITERS: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    date: date.isoformat,
    timedelta: lambda value: f"{value.total_seconds()} seconds",
    list: lambda value: "{" + ",".join(map(_item, value)) + "}",
    tuple: lambda value: "{" + ",".join(map(_item, value)) + "}",
}

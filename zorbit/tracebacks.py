"""What the log tells of an error: where it arose and of which kind it is, never its own text.

Texts quote what they complain of: `int("...")`, a key, the row that PostgreSQL names in a DETAIL.
"""

import os
from collections.abc import Callable, Iterator
from traceback import format_tb
from typing import Any

import psycopg
from sqlalchemy.exc import StatementError

ERRORS = 20
"""Of a chain or a group; further ones are left out."""
FRAMES = 60
"""The innermost of an error."""
STATEMENT = 2_000
"""Characters of a statement."""
NAMES = ("schema_name", "table_name", "column_name", "constraint_name", "datatype_name")
TELLING = {"08", "23", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"}
"""Classes of PostgreSQL's errors whose first line holds names and numbers, but no values."""
QUOTING = "42601"
"""All the same it may be the syntax of a value; and what a function makes up as it goes may hold anything."""


def traceback_of(error: BaseException) -> str:
    """The error's traceback, after those of what brought it about, before those of the errors of a group."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen or len(seen) == ERRORS:
        return
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield "".join(format_tb(error.__traceback__, limit=-FRAMES)) + _head(error)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield "of the group:"
            yield from _lines(one, seen)


def _head(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    told = next((tell(error) for known, tell in TOLD.items() if isinstance(error, known)), [])
    return ": ".join([name, *filter(None, told)])


def _of_postgresql(error: Any) -> list[str]:
    state, diag = error.sqlstate or "", error.diag
    names = (f"{name} {value}" for name in NAMES if (value := getattr(diag, name)))
    tells = state[:2] in TELLING and state != QUOTING and diag.internal_query is None
    return [state, (tells and diag.message_primary) or "", ", ".join(names)]


TOLD: dict[type[BaseException], Callable[[Any], list[str]]] = {
    psycopg.Error: _of_postgresql,
    StatementError: lambda error: [" ".join((error.statement or "").split())[:STATEMENT]],
    OSError: lambda error: [os.strerror(error.errno) if error.errno else ""],
    AttributeError: lambda error: [error.name or ""],
    ImportError: lambda error: [error.name or ""],
    NameError: lambda error: [error.name or ""],
}
"""What is told beside an error's kind: no text that was made of values."""

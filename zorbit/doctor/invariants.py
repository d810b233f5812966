"""What an invariant is: a rule that always holds, and the statement that finds the rows which break it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, func, literal

from zorbit.models import Row

Offenders = Any
"""A statement that gives (table, id, problem), a row for each that breaks a rule; never content."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule that always holds, whatever is written at the same time."""

    name: str
    description: str
    offenders: Callable[[], Offenders]


INVARIANTS: dict[str, Invariant] = {}
"""Every invariant, by its name."""


def invariant(offenders: Callable[[], Offenders]) -> Callable[[], Offenders]:
    """Declare an invariant: named after the function, described by its docstring."""
    name = offenders.__name__
    INVARIANTS[name] = Invariant(name, offenders.__doc__ or "", offenders)
    return offenders


def found(table: type[Row], rows: Select[Any], *problem: Any) -> Select[Any]:
    """(table, id, problem) of `rows`, with `problem` put together from texts and columns."""
    key: Any = table.id
    return told(rows, table, key, *problem)


def told(rows: Select[Any], table: type[Row], id: Any, *problem: Any) -> Select[Any]:
    """As `found`, where `id` is another column than the rows' own."""
    parts = [literal(part, String) if isinstance(part, str) else part for part in problem]
    columns: list[Any] = [literal(table.__name__).label("table"), id.label("id")]
    statement: Select[Any] = rows.with_only_columns(*columns, func.concat(*parts).label("problem"))
    return statement

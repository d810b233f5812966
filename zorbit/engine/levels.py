"""Rows of one statement: which columns are read of them, and the code that makes objects of them.

The code is generated, one comprehension a list: it costs a tenth of walking the selection for each row.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, inspect, select, true
from sqlalchemy.orm import aliased, outerjoin

from zorbit.engine.wire import Rows

Build = Callable[[Rows, Sequence[Any]], list[Any]]
"""Objects of rows `r`; what kid `n` found below them is looked up in `k[n]`."""
On = Callable[[Any, Any], Sequence[ColumnElement[bool]]]
"""(parent, row): what joins a row to its parent's."""

CHARACTERS = 500
"""That weigh as much as a field, of a kilobyte or two."""


class Unplanned(Exception):  # noqa: N818 - an answer, not an error of the program
    """Why an operation is left to the resolvers."""


@dataclass(slots=True)
class Weight:
    """What a plan holds on to."""

    fields: int = 0
    characters: int = 0
    """Of the statements of its lists: clients can ask for many shapes of one list."""

    @property
    def total(self) -> int:
        """In fields."""
        return self.fields + self.characters // CHARACTERS


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The rows of a level, or the one row that each of another source's refers to."""

    table: Any
    index: int = 0
    parent: int = 0
    on: On | None = None


@dataclass(slots=True, eq=False)
class Level:
    """The rows of one statement, and the rows to one that hang off each."""

    table: Any
    leading: int
    """How many values come before the columns."""
    sources: list[Source] = field(default_factory=list)
    columns: dict[tuple[int, str], int] = field(default_factory=dict)
    """Where in a row each (source, attribute) is."""
    names: dict[str, Any] = field(default_factory=dict)
    """What the generated code calls things."""
    joins: dict[tuple[Any, int], Source] = field(default_factory=dict)
    loads: dict[tuple[Any, int], Any] = field(default_factory=dict)
    """What services make of rows, by (statement, the key's place)."""
    kids: list[Any] = field(default_factory=list)
    """What has to be fetched below the rows, once they are there."""

    def __post_init__(self) -> None:
        """The rows themselves are the first source."""
        self.sources.append(Source(self.table))

    @property
    def rows(self) -> Source:
        """The rows themselves."""
        return self.sources[0]

    @property
    def made_from(self) -> Hashable:
        """What its statement depends on, beside the kind of viewer."""
        return self.table, self.leading, tuple(self.columns), tuple(self.joins)

    def column(self, source: Source, attribute: str) -> int:
        """Where in a row the value of a source's column is."""
        return self.columns.setdefault((source.index, attribute), self.leading + len(self.columns))

    def join(self, reading: Any, table: Any, parent: Source, on: On) -> Source:
        """The row that `reading` gives of each row of `parent`; a reading is joined once."""
        key = (reading, parent.index)
        if key not in self.joins:
            self.joins[key] = Source(table, len(self.sources), parent.index, on)
            self.sources.append(self.joins[key])
        return self.joins[key]

    def named(self, value: Any) -> str:
        """A name by which the generated code can use `value`."""
        name = f"n{len(self.names)}"
        self.names[name] = value
        return name

    def below(self, kid: Any) -> int:
        """The place of a new kid in `k`."""
        self.kids.append(kid)
        return len(self.kids) - 1

    def build(self, code: str) -> Build:
        """The function that makes an object, as `code` spells it, of each row."""
        rows = "for i, r in enumerate(rows)" if "[i]" in code else "for r in rows"
        made: Build = compiled(f"lambda rows, k: [{code} {rows}]", self.names)
        return made

    def attributes(self) -> list[str]:
        """The columns of the rows themselves."""
        return [attribute for index, attribute in self.columns if index == 0]

    def select(self, rows: Any, start: Any, leading: Sequence[Any]) -> Select[Any]:
        """The columns, read from `start`, in which `rows` stands for the rows themselves."""
        entities = [rows]
        for source in self.sources[1:]:
            entity = aliased(source.table)
            on = source.on(entities[source.parent], entity) if source.on else ()
            start = outerjoin(start, entity, and_(true(), *on))
            entities.append(entity)
        columns = [getattr(entities[index], attribute) for index, attribute in self.columns]
        return select(*leading, *columns).select_from(start)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is made of a row `r`."""

    level: Level
    source: Source
    known: str | None = None
    """The parameter that holds the row's id, where it is known before the row is read."""


def database_column(table: Any, attribute: str) -> Any:
    """The column that an attribute of a table's class maps."""
    return inspect(table).column_attrs[attribute].columns[0]


def compiled(code: str, names: dict[str, Any]) -> Any:
    """The function that `code` spells; raises Unplanned where it is nested more deeply than Python reads."""
    try:
        return eval(code, names)  # noqa: S307 - code of the planner's own, with the document's names in quotes
    except (MemoryError, RecursionError, SyntaxError):
        raise Unplanned("nested too deeply") from None

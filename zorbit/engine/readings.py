"""How the fields of a graph are read from tables: the words in which a graph is declared to the engine.

A field's reading is made from the same declaration as its resolver. Where a field has none, its operation is
run by the resolvers. `viewer` stands for whoever asks, as the graph's own rules take it; its id is a
parameter of the statement, never a value in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase

CALLER = "viewer"
"""The parameter that holds the caller's id."""

Arguments = Mapping[str, Any]
"""A field's arguments as its resolver is given them."""


@dataclass(frozen=True, slots=True)
class Column:
    """The value of a column, by attribute."""

    attribute: str


@dataclass(frozen=True, slots=True)
class Computed:
    """What a function makes of a row; it sees the columns that it `needs`, and nothing else."""

    function: Callable[[Any], Any]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What only the field's resolver can tell; it sees a row with the columns that it `needs`."""

    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller's own row."""


@dataclass(frozen=True, slots=True)
class Same:
    """The row itself, as an object below an object that is made of it."""


@dataclass(frozen=True, slots=True, eq=False)
class One:
    """A row of `table`, or null."""

    table: Any
    on: Callable[[Any, Any, Any], Sequence[ColumnElement[bool]]]
    """(parent, row, viewer): what makes a row the one, and visible."""
    needs: tuple[str, ...]
    """The parent's columns that `on` compares."""


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """The value of a column of a row to one that is always there, by attribute."""

    one: One
    attribute: str


@dataclass(frozen=True, slots=True, eq=False)
class ById:
    """The row of `table` with the id that the arguments name, or null."""

    table: Any
    id: Callable[[Arguments], Any]
    visible: Callable[[Any, Any], Sequence[ColumnElement[bool]]]
    """(row, viewer): who may see it."""


@dataclass(frozen=True, slots=True, eq=False)
class ByText:
    """The row of `table` that a text in the arguments finds, or null."""

    table: Any
    text: Callable[[Arguments], str]
    on: Callable[[Any, Any, Any], Sequence[ColumnElement[bool]]]
    """(row, text, viewer): which row it finds, and who may see it."""


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Rows of any type by ids: one, or with `is_list` many, in the ids' order."""

    ids: Callable[[Arguments], Sequence[Any]]
    probe: Callable[[Any, ColumnElement[Any]], Any]
    """(viewer, ids): a statement that gives (id, the type's name) of each that is visible."""
    is_list: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of any type, by its type's name and its id in two of the parent's columns."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which part of a list a page is."""

    size: int
    is_further: bool
    """Whether it begins at a cursor."""
    is_backward: bool


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """A connection of the rows of `table` whose `key` is the parent's id; without a key, of all of them."""

    table: Any
    key: Any | None
    listing: Callable[[Arguments], tuple[Any, Sequence[Any]]]
    """What the arguments ask for: a shape, and the values that its statement is given for `v0`, `v1`, ..."""
    page: Callable[[Any, Any, Any], Select[Any]]
    """(shape, viewer, the graph's terms): the page's rows, and one more."""
    members: Callable[[Any, Any, Any], Select[Any]]
    """(shape, viewer, the graph's terms): the rows of all pages."""
    order: Callable[[Any, Any], Sequence[Any]]
    """(shape, rows): the order of a page's rows."""
    bounds: Callable[[Any], Bounds]
    is_custom: Callable[[Any], bool]
    """Whether PostgreSQL should plan the statement for its values, each time anew."""
    cursor: Callable[[Any], tuple[str, Callable[[Any, str], str]]]
    """Of a shape: the ordered column, and what makes a cursor of its value and the row's id."""


@dataclass(frozen=True, slots=True, eq=False)
class ManyMade:
    """A connection, at the root, of objects that a service makes of rows; the rest is as `Many` has it."""

    listing: Callable[[Arguments], tuple[Any, Sequence[Any]]]
    page: Callable[[Any, Any, Any], Select[Any]]
    """In named columns, `id` and the ordered one among them."""
    members: Callable[[Any, Any, Any], SelectBase]
    make: Callable[[Any], Any]
    """A row, by the columns' names and with values as Python has them, to an object."""
    bounds: Callable[[Any], Bounds]
    is_custom: Callable[[Any], bool]
    cursor: Callable[[Any], tuple[str, Callable[[Any, str], str]]]


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """Objects that a service makes of rows; fields with the same `statement` and `make` share them."""

    statement: Callable[[Any, ColumnElement[Any], Any], Select[Any]]
    """(viewer, parents' ids, the graph's terms): the parent's id, then named columns."""
    make: Callable[[Sequence[Any]], Sequence[Any]]
    """One parent's rows, by the columns' names and with values as Python has them, to objects."""
    pick: Callable[[Arguments, Sequence[Any]], Any]
    """What of the objects a field's arguments ask for: one, or a list."""


@dataclass(frozen=True, slots=True)
class Restricted:
    """A reading that only some kinds of viewers are given; the others are refused by the resolvers."""

    reading: Any
    kinds: frozenset[Any]


Reading = (
    Column
    | Computed
    | Resolved
    | Caller
    | Same
    | One
    | ColumnOf
    | ById
    | ByText
    | Nodes
    | Reference
    | Many
    | ManyMade
    | Loaded
    | Restricted
)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A graph as the engine reads it."""

    reading: Callable[[Any], Reading | None]
    """How a GraphQL field is read."""
    arguments: Callable[[Any, Any, Any], Arguments]
    """(field, node, variables): its arguments as its resolver is given them; raises what that would raise."""
    names: Callable[[Any], Mapping[str, str]]
    """What a GraphQL field's resolver calls its arguments, by their GraphQL names."""
    tables: Mapping[str, Any]
    """Types that are rows, by name."""
    visible: Callable[[Any, Any], Sequence[ColumnElement[bool]]]
    """(row, viewer): who may see a row that was found by its id alone."""
    caller: Any
    """The table of callers."""
    is_caller: Callable[[Any], Sequence[ColumnElement[bool]]]
    """(row): whether it is the caller's, alive; the caller's id is the parameter `viewer`."""
    kind: str
    """The caller's column that tells what kind of viewer they are."""
    viewer: Callable[[Any], Any]
    """The viewer of a kind, whoever it is."""
    is_refusal: Callable[[Exception], bool]
    """Whether an error is an answer to the client: the resolvers give it its place."""
    is_outage: Callable[[Exception], bool]
    """Whether an error says that the database is away, or too slow: it is asked nothing again."""
    terms: Any
    """What the graph's rules about time go by; its `now` is the statement's own."""
    texts: Mapping[str, Callable[[str], Any] | None]
    """Scalars that are made from PostgreSQL's own text, and how; None where they are the same."""

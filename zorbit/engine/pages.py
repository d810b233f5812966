"""The statements of a list: a page of its rows, and how many it has.

They come in forms: of a list at the `root`, of `one` parent, of a `named` one, which is read together with
its list and may not be visible, of `many`, and of those `below` the rows of another list.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, literal_column, select, true
from sqlalchemy.orm import aliased

from zorbit.engine.levels import Build, Level
from zorbit.engine.objects import Builder
from zorbit.engine.readings import Graph, Many, ManyMade
from zorbit.engine.statements import limited
from zorbit.engine.values import Reader, object_of, reader
from zorbit.engine.wire import Rows

ONE: Any = literal_column("1")
NOTHING: Any = literal_column("NULL")


@dataclass(slots=True, eq=False)
class RowPages:
    """Of a list of a table's rows."""

    graph: Graph
    reading: Many
    viewer: Any
    level: Level
    parent: Any = None
    """The parent's table; nothing at the root."""
    has_cursors: bool = False
    looks_further: bool = False
    """Whether one row more is read, to tell whether the list goes on."""

    @property
    def made_from(self) -> Hashable:
        """What its statements depend on, beside the kind of viewer and the shape of the arguments."""
        return self.reading, self.parent, self.has_cursors, self.looks_further, self.level.made_from

    @property
    def id(self) -> int:
        """Where in a row its id is."""
        return self.level.column(self.level.rows, "id")

    def rows(self, shape: Any, form: str, names: Iterable[str]) -> Any:
        """Columns of a page's rows, and perhaps one more."""
        reading = self.reading
        size = reading.bounds(shape).size + self.looks_further
        rows = limited(reading.page(shape, self.viewer, self.graph.terms), size)
        return self._of_parent(rows, form).with_only_columns(
            *(getattr(reading.table, name) for name in names)
        )

    def page(self, shape: Any, form: str, parents: Callable[[], Any] | None = None) -> Any:
        """(the parent's position or id, the ordered value, the columns) of each page's rows."""
        reading, table = self.reading, self.reading.table
        ordered = reading.cursor(shape)[0]
        rows = self.rows(shape, form, dict.fromkeys([*self.level.attributes(), ordered, "id"]))
        if form in {"many", "below"}:
            parent = parents().subquery() if parents else _parents()
            key, position = (parent.c.id, parent.c.id) if parents else (parent.c.key, parent.c.position)
            lateral = rows.where(_is(reading.key, key)).lateral()
            start, row = parent.join(lateral, true()), aliased(table, lateral)
        else:
            start, position = rows.subquery(), ONE
            row = aliased(table, start)
        place = getattr(row, ordered) if self.has_cursors else NOTHING
        selected = self.level.select(row, start, [position, place])
        return selected.order_by(*([] if position is ONE else [position]), *reading.order(shape, row))

    def total(self, shape: Any, form: str) -> Any:
        """(the parent's position, how many rows it has)."""
        members = self.reading.members(shape, self.viewer, self.graph.terms)
        if form == "many":
            parent = _parents()
            members = members.where(_is(self.reading.key, parent.c.key))
            rows = members.with_only_columns(func.count(), maintain_column_froms=True)
            return select(parent.c.position, rows.correlate(parent).scalar_subquery()).select_from(parent)
        members = self._of_parent(members, form)
        return members.with_only_columns(ONE, func.count(), maintain_column_froms=True)

    def _of_parent(self, rows: Any, form: str) -> Any:
        if form not in {"one", "named"}:
            return rows
        key = bindparam("key", type_=Uuid)
        rows = rows.where(_is(self.reading.key, key))
        if form == "one":
            return rows
        # Looked up once, before the first row: of another's parent PostgreSQL reads nothing.
        parent = aliased(self.parent)
        return rows.where(exists().where(parent.id == key, *self.graph.visible(parent, self.viewer)))


@dataclass(slots=True, eq=False)
class ObjectPages:
    """Of a list, at the root, of objects that a service makes of rows."""

    graph: Graph
    reading: ManyMade
    viewer: Any
    has_cursors: bool = False
    looks_further: bool = False
    id: int = 2
    made_from: None = None
    """They serve no other plan: what reads their rows is found when they are made."""
    _readers: list[Reader] = field(default_factory=list)

    def page(self, shape: Any, _form: str) -> Any:
        """(1, the ordered value, the id, what objects are made of) of each row."""
        size = self.reading.bounds(shape).size + self.looks_further
        rows = limited(self.reading.page(shape, self.viewer, self.graph.terms), size)
        columns = rows.selected_columns
        self._readers = [(column.name, reader(column.type)) for column in columns]
        place = columns[self.reading.cursor(shape)[0]]
        return rows.with_only_columns(ONE, place, columns["id"], *columns, maintain_column_froms=True)

    def total(self, shape: Any, _form: str) -> Any:
        """(1, how many rows there are)."""
        members = self.reading.members(shape, self.viewer, self.graph.terms).subquery()
        return select(ONE, func.count()).select_from(members)

    def build(self, build: Builder) -> Build:
        """What makes a page's objects, as `build` shows them."""

        def built(rows: Rows, _kids: Any) -> list[Any]:
            return [build(self.reading.make(object_of(self._readers, row[3:]))) for row in rows]

        return built


def _parents() -> Any:
    keys = func.unnest(bindparam("keys", type_=ARRAY(Uuid)))
    return keys.table_valued("key", with_ordinality="position").render_derived(name="parent")


def _is(key: Any, value: Any) -> Any:
    return key == value

"""Connections: a page of each parent's rows in one statement, their number in another."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam, func, literal_column, select, true
from sqlalchemy.orm import aliased

from zorbit.engine.levels import Build, Level
from zorbit.engine.readings import Bounds, Many
from zorbit.engine.runs import Fetch, Given, Run
from zorbit.engine.statements import Prepared, array, encoded, limited, prepared
from zorbit.engine.wire import Rows

SHAPES = 32
"""Shapes of arguments whose statements a list remembers: a client may send them as variables."""
ONE: Any = literal_column("1")
NOTHING: Any = literal_column("NULL")

Make = Callable[..., Any]
"""A connection's object of (rows, objects, from, to, has next, has previous, cursor, total)."""


@dataclass(slots=True)
class Shape:
    """What the statements of a list depend on, and the statements."""

    key: Any
    bounds: Bounds
    cursor: Callable[[Any, str], str]
    pages: dict[str, Prepared] = field(default_factory=dict)
    """By form: of a list at the root, of one parent's, of many parents'."""
    totals: dict[str, Prepared] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """One request's pages of a list."""

    keys: Sequence[str | None]
    shape: Shape
    rows: Rows = field(default_factory=list)
    """Of all pages, one after another."""
    ends: list[tuple[int, int, bool]] = field(default_factory=list)
    """(from, to, whether there are more) of each key's page."""
    totals: list[int | None] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Connection:
    """A connection field below rows, or at the root."""

    reading: Many
    viewer: Any
    given: Given
    level: Level
    key: int
    """Where in a parent's row its id is; nowhere at the root."""
    known: str | None
    """The parameter that holds the parent's id, where it is known before its row is read."""
    builds: list[Build] = field(default_factory=list)
    make: Make | None = None
    has_rows: bool = False
    has_total: bool = False
    has_cursors: bool = False
    looks_further: bool = False
    """Whether one row more is read, to tell whether the list goes on."""
    _shapes: OrderedDict[Any, Shape] = field(default_factory=OrderedDict)
    _constant: tuple[Shape, dict[str, bytes | None]] | None = None
    """What it asks for where that is the same for every request."""

    @property
    def is_first(self) -> bool:
        """Whether it can be fetched together with the root."""
        return self.known is not None or self.reading.key is None

    def first(self, run: Run) -> list[Fetch]:
        """What is fetched together with the root."""
        if self.reading.key is None:
            return self._fetches(run, [None], "root")
        key = run.values[self.known or ""]
        return [] if key is None else self._fetches(run, [key.decode()], "one")

    def fetches(self, run: Run, rows: Rows) -> list[Fetch]:
        """What is fetched once the parents' rows are there."""
        if self.is_first:
            return []
        keys = list(dict.fromkeys(map(itemgetter(self.key), rows)))
        if None in keys:
            keys.remove(None)
        return self._fetches(run, keys, "one" if len(keys) == 1 else "many") if keys else []

    def finished(self, run: Run) -> dict[str | None, Any]:
        """The connection of each parent, by its id."""
        found: Found | None = run.found.get(self)
        if found is None or self.make is None:
            return {}
        below = [kid.finished(run) for kid in self.level.kids]
        objects = [build(found.rows, below) for build in self.builds]
        make, rows, cursor = self.make, found.rows, found.shape.cursor
        further, backward = found.shape.bounds.is_further, found.shape.bounds.is_backward
        return {
            key: make(
                rows,
                objects,
                start,
                end,
                further if backward else more,
                more if backward else further,
                cursor,
                total,
            )
            for key, (start, end, more), total in zip(found.keys, found.ends, found.totals, strict=True)
        }

    def _fetches(self, run: Run, keys: Sequence[Any], form: str) -> list[Fetch]:
        shape, given = self._constant or self._asked(run)
        found = Found(keys, shape)
        found.ends = [(0, 0, False)] * len(keys)
        found.totals = [None] * len(keys)
        run.found[self] = found
        values = {**run.values, **given}
        if form == "one":
            values["key"] = keys[0].encode()
        elif form == "many":
            values["keys"] = array(keys)

        def take_rows(rows: Rows) -> list[Fetch]:
            self._group(found, rows)
            return [below for kid in self.level.kids for below in kid.fetches(run, found.rows)]

        def take_totals(rows: Rows) -> list[Fetch]:
            for position, total in rows:
                found.totals[position - 1] = total
            return []

        asked = []
        if self.has_rows:
            page = shape.pages.get(form)
            if page is None:
                statement = self._page(shape.key, form)
                is_custom = self.reading.is_custom(shape.key)
                page = shape.pages[form] = prepared(statement, values, is_custom=is_custom)
            asked.append(Fetch(page.statement, page.given(values), take_rows))
        if self.has_total:
            total = shape.totals.get(form)
            if total is None:
                statement = self._total(shape.key, form)
                is_custom = self.reading.is_custom(shape.key)
                total = shape.totals[form] = prepared(statement, values, is_custom=is_custom)
            asked.append(Fetch(total.statement, total.given(values), take_totals))
        return asked

    def _asked(self, run: Run) -> tuple[Shape, dict[str, bytes | None]]:
        key, given = self.reading.listing(self.given.of(run))
        shape = self._shapes.pop(key, None)
        if shape is None:
            shape = Shape(key, self.reading.bounds(key), self.reading.cursor(key)[1])
            if len(self._shapes) >= SHAPES:
                self._shapes.popitem(last=False)
        self._shapes[key] = shape
        asked = shape, {f"v{index}": encoded(value) for index, value in enumerate(given)}
        if self.given.is_constant:
            self._constant = asked
        return asked

    def _group(self, found: Found, rows: Rows) -> None:
        """Find where each parent's page lies among `rows`, which come in the parents' order."""
        size, backward = found.shape.bounds.size, found.shape.bounds.is_backward
        counts, start = Counter(map(itemgetter(0), rows)), 0
        is_whole = not backward and not any(count > size for count in counts.values())
        kept: Rows = rows if is_whole else []
        for index in range(len(found.keys)):
            count = counts[index + 1]
            if not is_whole:
                page = rows[start : start + min(count, size)]
                first = len(kept)
                kept += reversed(page) if backward else page
                found.ends[index] = (first, len(kept), count > size)
            elif count:
                found.ends[index] = (start, start + count, False)
            start += count
        found.rows = kept

    def _page(self, shape: Any, form: str) -> Any:
        """(the parent's position, the ordered value, the columns) of each page's rows."""
        reading, table = self.reading, self.reading.table
        ordered = reading.cursor(shape)[0]
        names = dict.fromkeys([*self.level.attributes(), ordered, "id"])
        size = reading.bounds(shape).size + self.looks_further
        rows = limited(reading.page(shape, self.viewer), size).with_only_columns(
            *(getattr(table, name) for name in names)
        )
        position, start = ONE, None
        if form == "many":
            parent = _parents()
            lateral = rows.where(_is(reading.key, parent.c.key)).lateral()
            row, position, start = aliased(table, lateral), parent.c.position, parent.join(lateral, true())
        else:
            if form == "one":
                rows = rows.where(_is(reading.key, bindparam("key", type_=Uuid)))
            start = rows.subquery()
            row = aliased(table, start)
        place = getattr(row, ordered) if self.has_cursors else NOTHING
        selected = self.level.select(row, start, [position, place])
        return selected.order_by(*([position] if form == "many" else []), *reading.order(shape, row))

    def _total(self, shape: Any, form: str) -> Any:
        """(the parent's position, how many rows it has)."""
        members, key = self.reading.members(shape, self.viewer), self.reading.key
        if form == "many":
            parent = _parents()
            members = members.where(_is(key, parent.c.key))
            rows = members.with_only_columns(func.count(), maintain_column_froms=True)
            return select(parent.c.position, rows.correlate(parent).scalar_subquery()).select_from(parent)
        if form == "one":
            members = members.where(_is(key, bindparam("key", type_=Uuid)))
        return members.with_only_columns(ONE, func.count(), maintain_column_froms=True)


def _parents() -> Any:
    keys = func.unnest(bindparam("keys", type_=ARRAY(Uuid)))
    return keys.table_valued("key", with_ordinality="position").render_derived(name="parent")


def _is(key: Any, value: Any) -> Any:
    return key == value

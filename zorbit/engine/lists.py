"""Connections: a page of each parent's rows in one statement, their number in another."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam, func, literal_column, select, true
from sqlalchemy.orm import aliased

from zorbit.engine.levels import Build, Level, Weight
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
    has_values: bool
    """Whether each request has values of its own for the statements."""
    statements: dict[Any, Prepared] = field(default_factory=dict)
    """By form: of a list at the root, of one parent's, of many parents', of those of another list."""

    def statement(
        self, connection: "Connection", form: Any, make: Callable[[Any, Any], Any], names: Iterable[str]
    ) -> Prepared:
        """The statement of a form, made when it is first asked for."""
        known = self.statements.get(form)
        if known is None:
            if len(self.statements) >= SHAPES:
                connection.weight.characters -= self.characters
                self.statements.clear()
            is_custom = connection.reading.is_custom(self.key)
            known = self.statements[form] = prepared(make(self.key, form), names, is_custom=is_custom)
            connection.weight.characters += len(known.statement.text)
        return known

    @property
    def characters(self) -> int:
        """Of all its statements."""
        return sum(len(one.statement.text) for one in self.statements.values())


@dataclass(slots=True)
class Found:
    """One request's pages of a list."""

    shape: Shape
    keys: Sequence[str | None] = ()
    rows: Rows = field(default_factory=list)
    """Of all pages, one after another."""
    ends: list[tuple[int, int, bool]] = field(default_factory=list)
    """(from, to, whether there are more) of each key's page."""
    totals: list[int | None] = field(default_factory=list)

    def expect(self, keys: Sequence[str | None]) -> None:
        """These are the parents; what is not found of them is empty."""
        self.keys = keys
        self.ends = [(0, 0, False)] * len(keys)
        self.totals = [None] * len(keys)


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
    weight: Weight
    """The plan's."""
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
        """What is fetched together with the root, and what lies below that."""
        if self.reading.key is None:
            fetches = self._fetches(run, [None], "root")
        else:
            key = run.values[self.known or ""]
            if key is None:
                return []
            fetches = self._fetches(run, [key.decode()], "one")
        return fetches + self._chained(run, "root" if self.reading.key is None else "one")

    def fetches(self, run: Run, rows: Rows) -> list[Fetch]:
        """What is fetched once the parents' rows are there."""
        if self.is_first:
            return []
        keys = list(dict.fromkeys(map(itemgetter(self.key), rows)))
        if None in keys:
            keys.remove(None)
        if self in run.found:  # fetched already, together with its parents
            run.found[self].expect(keys)
            return []
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
        found = run.found[self] = Found(shape)
        found.expect(keys)
        values = {**run.values, **given}
        if form == "one":
            values["key"] = keys[0].encode()
        elif form == "many":
            values["keys"] = array(keys)

        def take_totals(rows: Rows) -> list[Fetch]:
            for position, total in rows:
                found.totals[position - 1] = total
            return []

        asked = []
        if self.has_rows:
            page = shape.statement(self, form, self._page, values)
            asked.append(Fetch(page.statement, page.given(values), partial(self._take, run, found)))
        if self.has_total:
            total = shape.statement(self, f"{form} total", self._total, values)
            asked.append(Fetch(total.statement, total.given(values), take_totals))
        return asked

    def _chained(self, run: Run, form: str) -> list[Fetch]:
        """The lists below this one's rows, where that costs a round trip less.

        PostgreSQL reads the parents' page once more for each, of the same snapshot: some 20 microseconds,
        where a round trip costs both sides 50.
        """
        own = run.found[self].shape
        if not self.has_rows or own.has_values:
            return []
        fetches = []
        for kid in self.level.kids:
            if not isinstance(kid, Connection) or not kid.is_below(self.level):
                continue
            shape, _ = kid._constant or kid._asked(run)  # noqa: SLF001 - of the same class
            if shape.has_values:
                continue
            found = run.found[kid] = Found(shape)
            values = run.values | {"key": run.values.get(self.known or "")}
            parents = partial(self._rows, own.key, form, ["id"])
            page = shape.statement(kid, ("below", own.key), partial(kid._page, parents=parents), values)  # noqa: SLF001 - of the same class
            fetches.append(Fetch(page.statement, page.given(values), partial(kid._take, run, found)))  # noqa: SLF001 - of the same class
        return fetches

    def is_below(self, level: Level) -> bool:
        """Whether it hangs off a level's own rows, and can be read together with them."""
        is_own = self.key == level.columns.get((0, "id"))
        return is_own and not self.is_first and self.has_rows and not self.has_total

    def _take(self, run: Run, found: Found, rows: Rows) -> list[Fetch]:
        self._group(found, rows)
        return [below for kid in self.level.kids for below in kid.fetches(run, found.rows)]

    def _asked(self, run: Run) -> tuple[Shape, dict[str, bytes | None]]:
        key, given = self.reading.listing(self.given.of(run))
        shape = self._shapes.pop(key, None)
        if shape is None:
            cursor = self.reading.cursor(key)[1]
            shape = Shape(key, self.reading.bounds(key), cursor, has_values=bool(given))
            if len(self._shapes) >= SHAPES:
                _, forgotten = self._shapes.popitem(last=False)
                self.weight.characters -= forgotten.characters
        self._shapes[key] = shape
        asked = shape, {f"v{index}": encoded(value) for index, value in enumerate(given)}
        if self.given.is_constant:
            self._constant = asked
        return asked

    def _group(self, found: Found, rows: Rows) -> None:
        """Find where each parent's page lies among `rows`, in which every parent's stand together."""
        size, backward = found.shape.bounds.size, found.shape.bounds.is_backward
        if len(found.keys) == 1 and rows and rows[0][0] == rows[-1][0] in {1, found.keys[0]}:
            page = rows[:size]
            found.rows = page[::-1] if backward else page
            found.ends[0] = (0, len(page), len(rows) > size)
            return
        counts = Counter(map(itemgetter(0), rows))
        starts = dict(zip(counts, accumulate(counts.values(), initial=0), strict=False))
        is_whole = not backward and not any(count > size for count in counts.values())
        kept: Rows = rows if is_whole else []
        for index, key in enumerate(found.keys):
            parent = key if key in counts else index + 1  # by its id, if it was read together with these
            count = counts[parent]
            if not count:
                continue
            start = starts[parent]
            if is_whole:
                found.ends[index] = (start, start + count, False)
            else:
                page, first = rows[start : start + min(count, size)], len(kept)
                kept += reversed(page) if backward else page
                found.ends[index] = (first, len(kept), count > size)
        found.rows = kept

    def _rows(self, shape: Any, form: str, names: Iterable[str]) -> Any:
        """Columns of a page's rows, and perhaps one more."""
        reading = self.reading
        size = reading.bounds(shape).size + self.looks_further
        rows = limited(reading.page(shape, self.viewer), size)
        if form == "one":
            rows = rows.where(_is(reading.key, bindparam("key", type_=Uuid)))
        return rows.with_only_columns(*(getattr(reading.table, name) for name in names))

    def _page(self, shape: Any, form: Any, parents: Callable[[], Any] | None = None) -> Any:
        """(the parent's position or id, the ordered value, the columns) of each page's rows."""
        reading, table = self.reading, self.reading.table
        ordered = reading.cursor(shape)[0]
        rows = self._rows(shape, form, dict.fromkeys([*self.level.attributes(), ordered, "id"]))
        if form in {"root", "one"}:
            start, position = rows.subquery(), ONE
            row = aliased(table, start)
        else:
            parent = parents().subquery() if parents else _parents()
            key, position = (parent.c.id, parent.c.id) if parents else (parent.c.key, parent.c.position)
            lateral = rows.where(_is(reading.key, key)).lateral()
            start, row = parent.join(lateral, true()), aliased(table, lateral)
        place = getattr(row, ordered) if self.has_cursors else NOTHING
        selected = self.level.select(row, start, [position, place])
        return selected.order_by(*([] if position is ONE else [position]), *reading.order(shape, row))

    def _total(self, shape: Any, form: str) -> Any:
        """(the parent's position, how many rows it has)."""
        members, key = self.reading.members(shape, self.viewer), self.reading.key
        if form == "many total":
            parent = _parents()
            members = members.where(_is(key, parent.c.key))
            rows = members.with_only_columns(func.count(), maintain_column_froms=True)
            return select(parent.c.position, rows.correlate(parent).scalar_subquery()).select_from(parent)
        if form == "one total":
            members = members.where(_is(key, bindparam("key", type_=Uuid)))
        return members.with_only_columns(ONE, func.count(), maintain_column_froms=True)


def _parents() -> Any:
    keys = func.unnest(bindparam("keys", type_=ARRAY(Uuid)))
    return keys.table_valued("key", with_ordinality="position").render_derived(name="parent")


def _is(key: Any, value: Any) -> Any:
    return key == value

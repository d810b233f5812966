"""Lists: a page of each parent's rows in one statement, their number in another."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from operator import itemgetter
from typing import Any

from zorbit.engine.levels import Build, Weight
from zorbit.engine.pages import ObjectPages, RowPages
from zorbit.engine.readings import CALLER, Bounds, Many, ManyMade
from zorbit.engine.runs import Fetch, Given, Run
from zorbit.engine.statements import Prepared, Shelf, array, encoded, prepared
from zorbit.engine.wire import Rows

SHAPES = 32
"""Shapes of arguments whose statements a list remembers: a client may send them as variables."""

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
    """By what tells them apart."""

    def statement(
        self, asker: "ListField", key: Any, make: Callable[[], Any], names: Iterable[str]
    ) -> Prepared:
        """The statement of that `key`, made when it is first asked for."""
        known = self.statements.get(key)
        if known is None:
            if len(self.statements) >= SHAPES:
                asker.weight.characters -= self.characters
                self.statements.clear()
            given, made_from = tuple(names), asker.pages.made_from
            known = self.statements[key] = asker.shelf.get(
                None if made_from is None else (asker.kind, made_from, self.key, key, given),
                lambda: prepared(make(), given, is_custom=asker.reading.is_custom(self.key)),
            )
            asker.weight.characters += len(known.statement.text)
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
class ListField:
    """A connection below rows, or at the root."""

    reading: Many | ManyMade
    given: Given
    pages: RowPages | ObjectPages
    kids: Sequence[Any]
    """What is fetched below its rows."""
    key: int
    """Where in a parent's row its id is; nowhere at the root."""
    known: str | None
    """The parameter that holds the parent's id, where it is known before its row is read."""
    weight: Weight
    """The plan's."""
    kind: Any
    """The viewer's."""
    shelf: Shelf
    builds: list[Build] = field(default_factory=list)
    make: Make | None = None
    has_rows: bool = False
    has_total: bool = False
    _shapes: OrderedDict[Any, Shape] = field(default_factory=OrderedDict)
    _constant: tuple[Shape, dict[str, bytes | None]] | None = None
    """What it asks for where that is the same for every request."""

    @property
    def is_first(self) -> bool:
        """Whether it can be fetched together with the root."""
        return self.known is not None or self.key < 0

    def first(self, run: Run) -> list[Fetch]:
        """What is fetched together with the root, and what lies below that."""
        if self.known is None:
            return self._fetches(run, [None], "root") + self._chained(run, "root")
        key = run.values[self.known]
        if key is None:
            return []
        form = "one" if self.known == CALLER else "named"
        return self._fetches(run, [key.decode()], form) + self._chained(run, form)

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
        below = [kid.finished(run) for kid in self.kids]
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
        if form in {"one", "named"}:
            values["key"] = keys[0].encode()
        elif form == "many":
            values["keys"] = array(keys)

        def take_totals(rows: Rows) -> list[Fetch]:
            for position, total in rows:
                found.totals[position - 1] = total
            return []

        asked = []
        if self.has_rows:
            page = shape.statement(self, form, partial(self.pages.page, shape.key, form), values)
            asked.append(Fetch(page.statement, page.given(values), partial(self._take, run, found)))
        if self.has_total:
            make = partial(self.pages.total, shape.key, form)
            total = shape.statement(self, f"{form} total", make, values)
            asked.append(Fetch(total.statement, total.given(values), take_totals))
        return asked

    def _chained(self, run: Run, form: str) -> list[Fetch]:
        """The lists below this one's rows, where that costs a round trip less.

        PostgreSQL reads the parents' page once more for each, of the same snapshot: some 20 microseconds,
        where a round trip costs both sides 50.
        """
        own = run.found[self].shape
        if not self.has_rows or own.has_values or isinstance(self.pages, ObjectPages):
            return []
        values = run.values | {"key": run.values.get(self.known or "")}
        parents = partial(self.pages.rows, own.key, form, ["id"])
        own_id = self.pages.level.columns.get((0, "id"))
        below = [kid for kid in self.kids if isinstance(kid, ListField) and kid.is_below(own_id)]
        key = form, self.pages.made_from, own.key
        return [fetch for kid in below for fetch in kid.together(run, key, parents, values)]

    def is_below(self, id: int | None) -> bool:
        """Whether it hangs off rows whose id is in that place, and can be read together with them."""
        return self.key == id and not self.is_first and self.has_rows and not self.has_total

    def together(
        self, run: Run, key: Any, parents: Callable[[], Any], values: dict[str, bytes | None]
    ) -> list[Fetch]:
        """What is fetched together with the statement that `parents` makes, which `key` tells apart."""
        shape, _ = self._constant or self._asked(run)
        if shape.has_values or isinstance(self.pages, ObjectPages):
            return []
        found = run.found[self] = Found(shape)
        make = partial(self.pages.page, shape.key, "below", parents)
        page = shape.statement(self, key, make, values)
        return [Fetch(page.statement, page.given(values), partial(self._take, run, found))]

    def _take(self, run: Run, found: Found, rows: Rows) -> list[Fetch]:
        self._group(found, rows)
        return [below for kid in self.kids for below in kid.fetches(run, found.rows)]

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

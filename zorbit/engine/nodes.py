"""Rows whose type is only known once they are asked for: each type's are read by a statement of its own."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam, func
from sqlalchemy.orm import aliased

from zorbit.engine.levels import Build, Level
from zorbit.engine.readings import CALLER, Nodes
from zorbit.engine.runs import Fetch, Given, Run
from zorbit.engine.statements import Prepared, array, prepared
from zorbit.engine.wire import Rows


@dataclass(slots=True, eq=False)
class Kind:
    """The rows of one type, by their ids."""

    level: Level
    build: Build
    id: int
    """Where in a row its id is."""
    visible: Callable[[Any], Sequence[Any]]
    _statement: Prepared | None = None

    def fetch(self, run: Run, ids: Sequence[str]) -> Fetch:
        """The visible rows with these ids."""
        statement = self._statement
        if statement is None:
            row = aliased(self.level.table)
            selected = self.level.select(row, row, [])
            wanted = row.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
            statement = self._statement = prepared(
                selected.where(wanted, *self.visible(row)), [*run.values, "ids"]
            )

        def take(rows: Rows) -> list[Fetch]:
            run.found[self] = rows
            return [below for kid in self.level.kids for below in kid.fetches(run, rows)]

        return Fetch(statement.statement, statement.given(run.values | {"ids": array(ids)}), take)

    def finished(self, run: Run) -> dict[str, Any]:
        """The objects, by id."""
        rows = run.found.get(self, [])
        objects = self.build(rows, [kid.finished(run) for kid in self.level.kids])
        return {row[self.id]: made for row, made in zip(rows, objects, strict=True)}


@dataclass(slots=True, eq=False)
class Kinds:
    """The types that rows may be of; each is planned when the first row of it is met."""

    plan: Callable[[str], Kind]
    planned: dict[str, Kind] = field(default_factory=dict)

    def fetches(self, run: Run, ids: dict[str, list[str]]) -> list[Fetch]:
        """The rows of each type."""
        for name in ids.keys() - self.planned.keys():
            self.planned[name] = self.plan(name)
        return [self.planned[name].fetch(run, list(dict.fromkeys(found))) for name, found in ids.items()]

    def finished(self, run: Run) -> dict[tuple[str, str], Any]:
        """The objects, by type and id."""
        return {
            (name, id): made
            for name, kind in self.planned.items()
            if kind in run.found
            for id, made in kind.finished(run).items()
        }


def probe_of(reading: Nodes, viewer: Any) -> Prepared:
    """The statement that tells of what type each row is."""
    wanted = bindparam("ids", type_=ARRAY(Uuid))
    return prepared(reading.probe(viewer, wanted), [CALLER, "ids"])


@dataclass(slots=True, eq=False)
class NodesField:
    """`node` and `nodes`: one statement tells of what type each row is."""

    reading: Nodes
    probe: Prepared
    given: Given
    kinds: Kinds
    is_first: bool = True

    def first(self, run: Run) -> list[Fetch]:
        """What is fetched together with the root."""
        ids = [str(id) for id in self.reading.ids(self.given.of(run))]
        run.found[self] = ids, {}
        if not ids:
            return []

        def take(rows: Rows) -> list[Fetch]:
            types: dict[str, str] = dict(rows)
            run.found[self] = ids, types
            by_type = defaultdict(list)
            for id, name in types.items():
                by_type[name].append(id)
            return self.kinds.fetches(run, by_type)

        given = self.probe.given(run.values | {"ids": array(ids)})
        return [Fetch(self.probe.statement, given, take)]

    def fetches(self, _run: Run, _rows: Rows) -> list[Fetch]:
        """Nothing more."""
        return []

    def finished(self, run: Run) -> Any:
        """The row, or all of them in the ids' order; null for what is not there."""
        ids, types = run.found[self]
        made = self.kinds.finished(run)
        found = [made.get((types.get(id), id)) for id in ids]
        return found if self.reading.is_list else found[0]


@dataclass(slots=True, eq=False)
class ReferenceField:
    """A row of any type, which another row names by type and id."""

    type: int
    id: int
    kinds: Kinds
    known: frozenset[str]
    """The types that there are: a row may name one that is gone."""

    def fetches(self, run: Run, rows: Rows) -> list[Fetch]:
        """The rows that `rows` refer to."""
        by_type = defaultdict(list)
        for row in rows:
            if row[self.type] in self.known and row[self.id] is not None:
                by_type[row[self.type]].append(row[self.id])
        return self.kinds.fetches(run, by_type)

    def finished(self, run: Run) -> dict[tuple[str, str], Any]:
        """By type and id."""
        return self.kinds.finished(run)

"""Objects that a service makes of rows, for every parent of a level at once."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam

from zorbit.engine.readings import Graph, Loaded
from zorbit.engine.runs import Fetch, Given, Run
from zorbit.engine.statements import Prepared, array, prepared
from zorbit.engine.values import Reader, object_of, reader
from zorbit.engine.wire import Rows


@dataclass(slots=True, eq=False)
class LoadedRows:
    """What is read for a level's rows; fields that are made of the same share it."""

    graph: Graph
    reading: Loaded
    viewer: Any
    key: int
    """Where in a parent's row its id is."""
    known: str | None
    """The parameter that holds the parent's id, where it is known before its row is read."""
    _statement: tuple[Prepared, list[Reader]] | None = None

    def first(self, run: Run) -> list[Fetch]:
        """What is fetched together with the root."""
        key = run.values[self.known or ""]
        return [] if key is None else self._fetch(run, [key.decode()])

    def fetches(self, run: Run, rows: Rows) -> list[Fetch]:
        """What is fetched once the parents' rows are there."""
        if self.known is not None:
            return []
        keys = list(dict.fromkeys(row[self.key] for row in rows if row[self.key] is not None))
        return self._fetch(run, keys) if keys else []

    def finished(self, run: Run) -> Mapping[str, Sequence[Any]]:
        """The objects of each parent, by its id."""
        found: Mapping[str, Sequence[Any]] = run.found.get(self, {})
        return found

    def _fetch(self, run: Run, keys: Sequence[str]) -> list[Fetch]:
        statement, readers = self._statement or self._prepare(run)

        def take(rows: Rows) -> list[Fetch]:
            groups: dict[str, list[Any]] = defaultdict(list)
            for key, *values in rows:
                groups[key].append(object_of(readers, values))
            run.found[self] = {key: self.reading.make(groups.get(key, [])) for key in keys}
            return []

        values = run.values | {"keys": array(keys)}
        return [Fetch(statement.statement, statement.given(values), take)]

    def _prepare(self, run: Run) -> tuple[Prepared, list[Reader]]:
        keys = bindparam("keys", type_=ARRAY(Uuid))
        statement = self.reading.statement(self.viewer, keys, self.graph.terms)
        columns = list(statement.selected_columns)[1:]
        readers = [(column.name, reader(column.type)) for column in columns]
        self._statement = prepared(statement, [*run.values, "keys"]), readers
        return self._statement


@dataclass(slots=True, eq=False)
class LoadedField:
    """A field that shows some of the loaded objects."""

    rows: LoadedRows
    given: Given
    pick: Callable[[Mapping[str, Any], Sequence[Any]], Any]
    build: Callable[[Any], Any]

    def fetches(self, _run: Run, _rows: Rows) -> list[Fetch]:
        """Nothing of its own."""
        return []

    def finished(self, run: Run) -> dict[str, Any]:
        """What it gives, by the parent's id."""
        given = self.given.of(run)
        return {key: self.build(self.pick(given, made)) for key, made in self.rows.finished(run).items()}

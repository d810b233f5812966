"""A planned operation: what is fetched, in how many round trips, and what is made of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import aliased

from zorbit.engine.levels import Build, Level, Weight
from zorbit.engine.pool import Pool
from zorbit.engine.readings import Graph
from zorbit.engine.runs import Fetch, Given, ResolvedField, Run, fetch, resolve
from zorbit.engine.statements import Prepared, Shelf, encoded, prepared
from zorbit.engine.waiting import within
from zorbit.engine.wire import Rows


class Gone(Exception):  # noqa: N818 - an answer, not an error of the program
    """The caller is not there any more, or is of another kind by now: look them up again."""


@dataclass(slots=True, eq=False)
class Plan:
    """How an operation is answered for one kind of viewer.

    The root is the caller's own row, so that who they are is read together with what they ask for.
    """

    graph: Graph
    kind: Any
    level: Level
    build: Build
    named: Sequence[tuple[str, Given, Callable[[Any], Any]]]
    """(parameter, arguments, value): the rows that the operation names."""
    firsts: Sequence[Any]
    """What is fetched together with the root."""
    weight: Weight
    shelf: Shelf
    _statement: Prepared | None = field(default=None)

    async def answer(
        self,
        pool: Pool,
        patience: float,
        values: Mapping[str, bytes | None],
        variables: Any,
        executor: Callable[[str], Any],
    ) -> Any:
        """The operation's data.

        `values` are the parameters that tell who the caller is; `executor` makes graphql-core's, for the time
        at which the caller was read. Raises Gone; whatever an argument's own rule raises; outages.
        """
        run = Run(variables, dict(values))
        for name, given, value in self.named:
            run.values[name] = encoded(value(given.of(run)))
        statement = self._statement or self._prepare(run)
        root: Rows = []

        def take(rows: Rows) -> list[Fetch]:
            if not rows or rows[0][0] != self.kind:
                raise Gone
            root.extend(rows)
            return [below for kid in self.level.kids for below in kid.fetches(run, rows)]

        first = [Fetch(statement.statement, statement.given(run.values), take)]
        for kid in self.firsts:
            known = self.weight.characters
            first += kid.first(run)
            if self.weight.characters > known:
                # Its statements were made, some two milliseconds each: others have waited for them.
                await asyncio.sleep(0)
        await fetch(pool, first, patience, self.weight)
        if any(isinstance(kid, ResolvedField) for kid in run.found):
            await within(patience, resolve(run, executor(root[0][1]), self.graph.is_outage))
        return self.build(root, [kid.finished(run) for kid in self.level.kids])[0]

    def _prepare(self, run: Run) -> Prepared:
        names = tuple(run.values)
        self._statement = self.shelf.get((self.kind, self.level.made_from, names), partial(self._made, names))
        return self._statement

    def _made(self, names: Sequence[str]) -> Prepared:
        caller = aliased(self.graph.caller)
        leading = [getattr(caller, self.graph.kind), func.now()]
        statement = self.level.select(caller, caller, leading).where(*self.graph.is_caller(caller))
        return prepared(statement, names)

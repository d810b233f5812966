"""One request's way through a plan: what is fetched, tier by tier, and what was found."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from time import monotonic
from typing import Any, NamedTuple

from graphql import GraphQLError

from zorbit.engine.levels import Weight
from zorbit.engine.pool import Pool
from zorbit.engine.readings import Arguments, Graph
from zorbit.engine.values import Odd
from zorbit.engine.wire import Parameters, Rows, Statement


class Fetch(NamedTuple):
    """A statement to be run, and what becomes of its rows: they may lead to further ones."""

    statement: Statement
    parameters: Parameters
    take: Callable[[Rows], "list[Fetch]"]


@dataclass(slots=True)
class Run:
    """What one request gives to a plan, and what was found for it so far."""

    variables: Any
    """Coerced, as graphql-core keeps them."""
    values: dict[str, bytes | None]
    """The parameters that statements share."""
    found: dict[Any, Any] = field(default_factory=dict)
    """By kid."""


@dataclass(frozen=True, slots=True)
class Given:
    """A field's arguments: the same for every request, or made of its variables."""

    graph: Graph
    made: Any
    node: Any
    constant: Arguments | None = None
    """Those that are the same for every request; None where all have to be coerced anew."""
    direct: Mapping[str, str] = field(default_factory=dict)
    """The variables that are taken as they come, by argument."""

    @property
    def is_constant(self) -> bool:
        """Whether they are the same for every request."""
        return self.constant is not None and not self.direct

    def of(self, run: Run) -> Arguments:
        """The arguments of one request; raises what the field's resolver would raise."""
        if self.constant is None:
            return self.graph.arguments(self.made, self.node, run.variables)
        if not self.direct:
            return self.constant
        given = run.variables.coerced
        return {**self.constant, **{name: given[key] for name, key in self.direct.items() if key in given}}


@dataclass(slots=True, eq=False)
class ResolvedField:
    """A field that graphql-core executes below rows that the plan has read."""

    parent_type: Any
    details: Any
    path: Any
    source: Callable[[Any], Any] | None
    """What the resolver is given of a row: None where the row is not there; without it nothing is needed."""

    def fetches(self, run: Run, rows: Rows) -> list[Fetch]:
        """Nothing: it is resolved when all rows are there."""
        run.found[self] = rows
        return []

    async def resolve(self, run: Run, executor: Any) -> None:
        """The field's values, in the order of the rows."""
        values = [self._value(row, executor) for row in run.found[self]]
        run.found[self] = await asyncio.gather(*map(_awaited, values))

    def finished(self, run: Run) -> Sequence[Any]:
        """By the row's place."""
        found: Sequence[Any] = run.found[self]
        return found

    def _value(self, row: Any, executor: Any) -> Any:
        source = None if self.source is None else self.source(row)
        if source is None and self.source is not None:
            return None
        return executor.execute_field(self.parent_type, source, self.details, self.path, None)


async def _awaited(value: Any) -> Any:
    return await value if isawaitable(value) else value


async def fetch(pool: Pool, fetches: list[Fetch], patience: float, weight: Weight) -> None:
    """Run `fetches` and what they lead to: a round trip a tier, on one connection, in one span of time.

    `weight` is the plan's, which grows where rows are of a type that it has not met.
    """
    end = monotonic() + patience
    connection = await pool.take()
    try:
        while fetches:
            asked, fetches = fetches, []
            statements = [(one.statement, one.parameters) for one in asked]
            answers = await connection.run(statements, end - monotonic())
            for one, rows in zip(asked, answers, strict=True):
                known = weight.fields
                fetches += one.take(rows)
                if weight.fields > known:
                    # To plan a type takes a millisecond, and fields may give rows of all: others have waited.
                    await asyncio.sleep(0)
    finally:
        pool.give(connection)


async def resolve(run: Run, executor: Any, is_outage: Callable[[Exception], bool]) -> None:
    """Have graphql-core execute what the plan leaves to it; raises an outage, or Odd for any other error."""
    fields = [kid for kid in run.found if isinstance(kid, ResolvedField)]
    errors: list[GraphQLError] = []
    try:
        await asyncio.gather(*(kid.resolve(run, executor) for kid in fields))
    except GraphQLError as error:
        errors.append(error)
    errors += executor.collected_errors.errors
    for cause in [error.original_error for error in errors]:
        if cause is not None and is_outage(cause):
            raise cause
    if errors:
        raise Odd

"""Compiled reads: operations seen before go from their text straight to their plan."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
import structlog
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    get_operation_ast,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from zorbit.engine.arguments import has_variable
from zorbit.engine.journal import COMPILED, note_answer
from zorbit.engine.levels import Unplanned
from zorbit.engine.planning import Planner
from zorbit.engine.plans import Gone, Plan
from zorbit.engine.pool import Pool
from zorbit.engine.readings import Graph
from zorbit.engine.statements import Shelf
from zorbit.engine.values import Odd

PLANS = 16
"""Plans of one operation: kinds of viewers, and the values of its variables in @skip and @include."""
SWITCHES = ("skip", "include")
PLAIN: dict[str, type] = {"ID": str, "String": str, "Boolean": bool, "Int": int}
"""Scalars whose values are what JSON makes of them, if they are of this type."""
INT_LIMIT = 2**31
UNWRITABLE = (ArithmeticError, KeyError, TypeError, ValueError, psycopg.DataError)
"""What comes of values that their types do not allow: an unknown member of an enum, the year 10000."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Each:
    """The type of a list whose items are all of one type."""

    kind: type


@dataclass(slots=True)
class Principal:
    """Who asks."""

    kind: Any
    values: Mapping[str, bytes | None]
    """The parameters that tell a row of the caller's table to be theirs."""


@dataclass(slots=True)
class Planned:
    """An operation, and its plans; an Unplanned in place of a plan says why there is none."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    switches: tuple[str, ...]
    """The variables in @skip and @include."""
    plain: Mapping[str, type | Each] | None
    """The types of its variables, if all of them are plain, needed, and stand for whole arguments."""
    plans: OrderedDict[Any, Plan | Unplanned] = field(default_factory=OrderedDict)

    @property
    def weight(self) -> int:
        """What its plans weigh, in fields."""
        return sum(plan.weight.total for plan in self.plans.values() if isinstance(plan, Plan))

    def key(self, kind: Any, variables: VariableValues) -> Any:
        """What tells its plans apart."""
        return (kind, *map(variables.coerced.get, self.switches))

    def plan_for(self, kind: Any, variables: VariableValues) -> Plan | Unplanned | None:
        """The plan, if it has been made."""
        key = self.key(kind, variables)
        found = self.plans.get(key)
        if found is not None and len(self.plans) > 1:
            self.plans.move_to_end(key)
        return found


@dataclass(slots=True)
class Asked:
    """An operation, as one caller asks for it."""

    operation: Planned
    given: dict[str, Any] | None
    """The variables as they came."""
    variables: VariableValues
    """The variables coerced."""
    caller: Principal
    context: Callable[[str], Any]
    """Makes the resolvers' context, for the time at which the caller was read."""


def planned(document: DocumentNode, name: str | None) -> Planned | None:
    """The query of that name in a validated document, to be planned; None for anything else."""
    operation = get_operation_ast(document, name)
    if operation is None or operation.operation is not OperationType.QUERY:
        return None
    fragments = {
        one.name.value: FragmentDetails(one)
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    selections = [
        selection
        for part in (operation, *(one.definition for one in fragments.values()))
        for selection in _selections(part)
    ]
    switches = {
        directive.arguments[0].value.name.value
        for selection in selections
        for directive in selection.directives or ()
        if directive.name.value in SWITCHES and isinstance(directive.arguments[0].value, VariableNode)
    }
    arguments = [one for selection in selections for one in getattr(selection, "arguments", None) or ()]
    is_whole = all(isinstance(one.value, VariableNode) or not has_variable(one.value) for one in arguments)
    plain = _plain(operation) if is_whole else None
    return Planned(document, operation, fragments, tuple(sorted(switches)), plain)


def _selections(part: Any) -> Iterator[Any]:
    for selection in part.selection_set.selections:
        yield selection
        if getattr(selection, "selection_set", None):
            yield from _selections(selection)


def _plain(operation: OperationDefinitionNode) -> Mapping[str, type | Each] | None:
    found: dict[str, type | Each] = {}
    for definition in operation.variable_definitions or ():
        # What may be null is left to graphql-core.
        needed = _needed(definition.type)
        item = _needed(needed.type) if isinstance(needed, ListTypeNode) else needed
        name = item.name.value if isinstance(item, NamedTypeNode) else ""
        if name not in PLAIN or definition.default_value is not None:
            return None
        found[definition.variable.name.value] = PLAIN[name] if item is needed else Each(PLAIN[name])
    return found


def _needed(kind: Any) -> Any:
    """The type of what may not be null."""
    return kind.type if isinstance(kind, NonNullTypeNode) else None


def _are_plain(given: dict[str, Any], kinds: Mapping[str, type | Each]) -> bool:
    """Whether the values need no coercion; what has no place among them is left to graphql-core."""
    return len(given) == len(kinds) and all(_is_plain(given.get(name), kind) for name, kind in kinds.items())


def _is_plain(value: Any, kind: type | Each) -> bool:
    if isinstance(kind, Each):
        return type(value) is list and all(_is_plain(one, kind.kind) for one in value)
    return type(value) is kind and (not isinstance(value, int) or -INT_LIMIT <= value < INT_LIMIT)


def _left(reason: str) -> Any | None:
    note_answer(reason)
    return None


@dataclass(slots=True, eq=False)
class CompiledReads:
    """Answers queries by their plans."""

    schema: GraphQLSchema
    graph: Graph
    pool: Pool
    patience: float
    """Seconds that PostgreSQL has for one operation."""
    suggestions: bool = True
    """Whether errors say what may have been meant."""
    _shelf: Shelf = field(default_factory=Shelf)

    def variables(self, operation: Planned, given: dict[str, Any] | None) -> VariableValues | None:
        """A request's variables, coerced; None where they can't be."""
        if operation.plain is not None and _are_plain(given or {}, operation.plain):
            # By graphql-core, one variable costs 28 microseconds, and each item of a list almost one.
            return VariableValues({}, given or {})
        definitions = operation.operation.variable_definitions or ()
        # What is wrong is told by `run`: to say of 5,000 unknown keys what they may have meant took 0.9 s.
        coerced = get_variable_values(self.schema, definitions, given or {}, 0, hide_suggestions=True)
        if isinstance(coerced, list):
            note_answer("variables")
            return None
        return coerced

    def plan(self, operation: Planned, kind: Any, variables: VariableValues) -> Plan | Unplanned:
        """The operation's plan for a kind of viewer, made anew."""
        planner = Planner(
            self.graph,
            self.schema,
            operation.operation,
            operation.fragments,
            variables,
            kind,
            self.graph.viewer(kind),
            self._shelf,
        )
        made: Plan | Unplanned
        try:
            made = planner.plan()
        except Unplanned as unplanned:
            made = Unplanned(str(unplanned))  # without its traceback, which holds on to the planner
        except RecursionError:
            made = Unplanned("nested too deeply")
        except Exception as error:
            if not self._is_answer(error):
                raise
            made = Unplanned("a value or an argument")
        operation.plans[operation.key(kind, variables)] = made
        if len(operation.plans) > PLANS:
            operation.plans.popitem(last=False)
        return made

    async def answer(self, plan: Plan | Unplanned, asked: Asked) -> Any | None:
        """The operation's data; None where the resolvers have to answer.

        Raises Gone where the caller is not there, or not of that kind, and what the graph calls an outage.
        """
        if isinstance(plan, Unplanned):
            return _left(str(plan))
        executor = partial(self._executor, asked)
        try:
            data = await plan.answer(self.pool, self.patience, asked.caller.values, asked.variables, executor)
        except Gone:
            raise
        except Unplanned as unplanned:  # of a row whose type was met for the first time
            return _left(str(unplanned))
        except Exception as error:
            if self.graph.is_outage(error):
                raise
            if self._is_answer(error) or isinstance(error, UNWRITABLE):
                return _left("a value or an argument")
            # The resolvers answer all the same, but this should not have been theirs.
            logger.warning("plan given up", exc_info=True)
            return _left("fault")
        note_answer(COMPILED)
        return data

    def _is_answer(self, error: Exception) -> bool:
        """Whether the resolvers give the error its place, or find that there is none."""
        return isinstance(error, Odd | GraphQLError | RecursionError) or self.graph.is_refusal(error)

    def _executor(self, asked: Asked, now: str) -> Any:
        name = asked.operation.operation.name
        return Executor.build(
            self.schema,
            asked.operation.document,
            context_value=asked.context(now),
            raw_variable_values=asked.given,
            operation_name=name.value if name else None,
            hide_suggestions=not self.suggestions,
        )

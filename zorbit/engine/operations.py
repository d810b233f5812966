"""Running GraphQL operations: made ready once, executed; errors coded, faults masked."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from time import perf_counter
from typing import Any, cast

import orjson
import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    execute,
)

from zorbit.engine.compiled import Asked, CompiledReads, Principal
from zorbit.engine.documents import (
    Error,
    Operation,
    Policy,
    Ready,
    dearest,
    error_of,
    formatted,
    prepared,
    too_complex,
    too_long,
)
from zorbit.engine.journal import note_new_text, note_plan, phase
from zorbit.engine.levels import Unplanned
from zorbit.engine.measures import Measure
from zorbit.engine.plans import Plan
from zorbit.engine.remembered import Remembered

OTHERS = 2
"""Times as long as a text took to be made ready the next one waits: two thirds of a process are others'."""
ONLY_TRUSTED = "only documents that this server was given are run: send the id of one"
UNTRUSTED = Ready(None, (error_of(ONLY_TRUSTED, "PERSISTED_QUERY_ONLY"),))

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Request:
    """What a client asks for. What each request makes is not frozen: that would take 1 microsecond each."""

    query: str
    """The document; empty where its id alone was sent."""
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    tells_compiled: bool = False
    """Whether the answer is to tell if a compiled plan made it."""
    tells_cost: bool = False
    """Whether the answer is to tell what it costs."""
    document_id: str | None = None
    """By what the document is known, or is to be known."""


@dataclass(slots=True)
class Execution:
    """A request whose document is ready."""

    request: Request
    ready: Ready
    operation: Operation | None
    """None where none can be run."""
    requested: int = 0
    """What the operation would cost."""
    cost: int = 0
    """What it costs: nothing where that is too much, for then it is not run."""
    work: int = 0
    """What of that is spent whatever it answers."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told instead of an exception: a message and the error's extensions."""

    message: str
    extensions: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What an operation has of each measure, and why it would not be run."""

    measures: tuple[Measure, ...]
    errors: tuple[Error, ...]


class Operations:
    """A schema's operations; texts seen before are neither parsed nor validated again."""

    def __init__(
        self,
        schema: GraphQLSchema,
        explain: Callable[[Exception], Refusal | None],
        policy: Policy,
        compiled: CompiledReads | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        """`explain` tells refusals, which the client may read, from faults, for which it gives None.

        If there are texts that alone are run, they are `only`.
        """
        self.schema = schema
        self.policy = policy
        self.compiled = compiled
        self._explain = explain
        self._only = only
        self._remembered = Remembered()
        # Whatever takes milliseconds is done one at a time, and all else in between: a stranger's new texts
        # then cost the others a wait for one of their steps, not for all of them.
        self._learning, self._planning = asyncio.Lock(), asyncio.Lock()
        self._free_at = 0.0

    def at_hand(self, asked: Execution) -> dict[str, Any] | None:
        """The answer that is everybody's, if there is one: why nothing is run, or what the schema is."""
        if errors := self._reasons(asked):
            return {"errors": errors}
        told = cast("Operation", asked.operation).told
        return None if told is None or asked.request.variables else {"data": orjson.Fragment(told)}

    async def run(self, asked: Execution, context: Any, request_id: str) -> dict[str, Any]:
        """The answer that is not at hand: `{"data": ..., "errors": ...}`, or errors alone."""
        request, operation = asked.request, cast("Operation", asked.operation)
        try:
            with phase("resolve"):
                found = execute(
                    self.schema,
                    cast("DocumentNode", asked.ready.document),
                    context_value=context,
                    variable_values=request.variables,
                    operation_name=request.operation_name,
                    hide_suggestions=not self.policy.suggestions,
                )
                result: ExecutionResult = await found if isawaitable(found) else found
        except RecursionError:
            nested = "the operation or its variables are nested too deeply"
            return {"errors": [error_of(nested, "BAD_USER_INPUT")]}
        if operation.is_about_schema and not (result.errors or request.variables):
            # By graphql-core, 20 to 60 milliseconds each time.
            operation.told = orjson.dumps(result.data)
            self._remembered.weigh(request.query)
        return self._answer(result, request_id)

    async def read(
        self, execution: Execution, caller: Principal, context: Callable[[str], Any]
    ) -> dict[str, Any] | None:
        """The answer by a compiled plan; None where `run` has to answer. For the rest see CompiledReads."""
        request = execution.request
        operation = execution.ready.query(request.operation_name)
        if self.compiled is None or operation is None:
            return None
        if errors := self._too_dear(execution):
            return {"errors": errors}
        variables = self.compiled.variables(operation, request.variables)
        if variables is None:
            return None
        plan = operation.plan_for(caller.kind, variables)
        note_plan(is_known=plan is not None)
        if plan is None:
            async with self._planning:
                plan = operation.plan_for(caller.kind, variables)  # whoever was before may have made it
                if plan is None:
                    with phase("plan"):
                        plan = self.compiled.plan(operation, caller.kind, variables)
                    self._remembered.weigh(request.query)
                    await asyncio.sleep(0)
        asked = Asked(operation, request.variables, variables, caller, context)
        before = _weight(plan)
        with phase("run"):
            data = await self.compiled.answer(plan, asked)
        if _weight(plan) > before:
            self._remembered.weigh(request.query)
        return None if data is None else {"data": data}

    def known(self, text: str) -> Ready | None:
        """A text that was made ready, and is remembered: the most recently used are, up to a bound."""
        return self._remembered.get(text)

    def prepare(self, text: str) -> Ready:
        """`text`, parsed and validated, or remembered."""
        return self.known(text) or self._refused(text) or self._keep(text, self._made_at_once(text))

    async def learn(self, text: str) -> Ready:
        """Make a new text ready."""
        note_new_text()
        async with self._learning:
            ready = self.known(text) or self._refused(text)
            if ready is None:
                await asyncio.sleep(self._free_at - perf_counter())
                ready = self._keep(text, await self._made_in_steps(text))
            return ready

    def _refused(self, text: str) -> Ready | None:
        """Why a text is not looked at, if it is not; not kept, for two of a megabyte would push out all."""
        is_strange = self._only is not None and text not in self._only
        return UNTRUSTED if is_strange else too_long(text, self.policy.limits)

    def _made_at_once(self, text: str) -> Ready:
        with phase("parse"):
            *_, ready = prepared(self.schema, text, self.policy)
        assert ready is not None  # noqa: S101 - for the type checker: the last one is
        return ready

    async def _made_in_steps(self, text: str) -> Ready:
        ready, took = None, 0.0
        with phase("parse"):
            steps = prepared(self.schema, text, self.policy)
            while ready is None:
                began = perf_counter()
                ready = next(steps)
                took += perf_counter() - began
                await asyncio.sleep(0)
        self._free_at = perf_counter() + took * OTHERS
        return ready

    def _keep(self, text: str, ready: Ready) -> Ready:
        self._remembered.put(text, ready)
        return ready

    def execution(self, request: Request, ready: Ready | None = None) -> Execution:
        """The operation of a request, priced; its document is made ready unless it is."""
        if ready is None:
            ready = self.prepare(request.query)
        operation = ready.operations.get(request.operation_name)
        if operation is None:
            return Execution(request, ready, None)
        requested = operation.cost.whole.of(request.variables)
        if requested > self.policy.limits.cost:
            return Execution(request, ready, operation, requested)
        work = operation.cost.work.of(request.variables)
        return Execution(request, ready, operation, requested, requested, work)

    def appraise(self, request: Request) -> Appraisal:
        """What an operation would come to; nothing is run."""
        asked = self.execution(request)
        measures, errors = asked.ready.measures, tuple(self._reasons(asked))
        if asked.operation is not None:
            measures += (self._dearest(asked),)
        return Appraisal(measures, errors)

    def _reasons(self, asked: Execution) -> list[Error]:
        """Why the operation is not run, if it is not."""
        if asked.ready.document is None:
            return list(asked.ready.errors)
        if asked.operation is None:
            return [error_of("name the operation to run: `operationName`", "BAD_USER_INPUT")]
        if asked.operation.kind == "subscription":
            return [error_of("subscriptions are not served here", "BAD_USER_INPUT")]
        return self._too_dear(asked)

    def _too_dear(self, asked: Execution) -> list[Error]:
        """Why the operation is not run, where it costs too much."""
        if asked.requested == asked.cost:
            return []
        return list(too_complex([self._dearest(asked)], self.policy.limits))

    def _dearest(self, asked: Execution) -> Measure:
        request = asked.request
        return dearest(self.schema, asked.ready, request.operation_name, request.variables)

    def _answer(self, result: ExecutionResult, request_id: str) -> dict[str, Any]:
        errors = [self._coded(error, request_id) for error in result.errors or ()]
        if not errors:
            return {"data": result.data}
        # Variables that can't be coerced: nothing was run, so there is no place for data.
        if result.data is None and all(error.path is None for error in result.errors or ()):
            return {"errors": errors}
        return {"errors": errors, "data": result.data}

    def _coded(self, error: GraphQLError, request_id: str) -> dict[str, Any]:
        cause = error.original_error
        if error.path is None:
            # Variables that can't be coerced.
            return formatted(error, {"code": "BAD_USER_INPUT"})
        if cause is not None and (refusal := self._explain(cause)):
            return formatted(error, refusal.extensions) | {"message": refusal.message}
        if isinstance(cause, GraphQLError) and cause.nodes:
            # It names a place in the document: a variable that is null where its argument may not be.
            return formatted(error, {"code": "BAD_USER_INPUT"})
        # The path is made of aliases, which are the client's.
        fields = {node.name.value for node in error.nodes or () if isinstance(node, FieldNode)}
        logger.error("fault in a resolver", field=", ".join(fields), exc_info=cause or error)
        masked = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
        return formatted(error, masked) | {"message": "internal server error"}


def _weight(plan: Plan | Unplanned) -> int:
    return plan.weight.total if isinstance(plan, Plan) else 0

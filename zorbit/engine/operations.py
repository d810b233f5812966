"""Running GraphQL operations: parsed and validated once, executed; errors coded, faults masked."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from zorbit.engine.compiled import Asked, CompiledReads, Planned, Principal, planned

TOKEN_LIMIT = 2_000
CACHED_DOCUMENTS = 500
CACHED_CHARACTERS = 2_000_000
CACHED_WEIGHT = 20_000
"""Of all plans together, in fields."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    tells_compiled: bool = False
    """Whether the answer is to tell if a compiled plan made it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told instead of an exception: a message and the error's extensions."""

    message: str
    extensions: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text that was parsed and validated, or the reasons why it can't be run."""

    document: DocumentNode | None
    errors: tuple[dict[str, Any], ...] = ()
    planned: dict[str | None, Planned] = field(default_factory=dict)
    """Its queries, by the name that requests give."""

    @property
    def weight(self) -> int:
        """What its plans weigh, in fields."""
        return sum(one.weight for one in self.planned.values())

    def operation(self, name: str | None) -> Planned | None:
        """The query that a request names, to be planned."""
        known = self.planned.get(name)
        if known is None and self.document is not None:
            known = planned(self.document, name)
            if known is not None:
                self.planned[name] = known
        return known


class Operations:
    """A schema's operations; texts seen before are neither parsed nor validated again."""

    def __init__(
        self,
        schema: GraphQLSchema,
        explain: Callable[[Exception], Refusal | None],
        compiled: CompiledReads | None = None,
    ) -> None:
        """`explain` tells refusals, which the client may read, from faults, for which it gives None."""
        self._schema = schema
        self.compiled = compiled
        self._explain = explain
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    async def run(self, request: Request, context: Any, request_id: str) -> dict[str, Any]:
        """The answer, `{"data": ..., "errors": [...]}`; without `data` where nothing was run."""
        prepared = self.prepare(request.query)
        if prepared.document is None:
            return {"errors": list(prepared.errors)}
        operation = get_operation_ast(prepared.document, request.operation_name)
        if operation is None:
            return _refused("name the operation to run: `operationName`", "BAD_USER_INPUT")
        if operation.operation is OperationType.SUBSCRIPTION:
            return _refused("subscriptions are not served here", "BAD_USER_INPUT")
        try:
            found = execute(
                self._schema,
                prepared.document,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation_name,
            )
            result: ExecutionResult = await found if isawaitable(found) else found
        except RecursionError:
            return _refused("the operation or its variables are nested too deeply", "BAD_USER_INPUT")
        return self._answer(result, request_id)

    async def read(
        self, request: Request, caller: Principal, context: Callable[[str], Any]
    ) -> dict[str, Any] | None:
        """The answer by a compiled plan; None where `run` has to answer. For the rest see CompiledReads."""
        if self.compiled is None:
            return None
        prepared = self.prepare(request.query)
        operation = prepared.operation(request.operation_name)
        if operation is None:
            return None
        variables = self.compiled.variables(operation, request.variables)
        if variables is None:
            return None
        plan = operation.plan_for(caller.kind, variables)
        if plan is None:
            plan = self.compiled.plan(operation, caller.kind, variables)
            self._trim()
        asked = Asked(operation, request.variables, variables, caller, context)
        before = operation.weight
        data = await self.compiled.answer(plan, asked)
        if operation.weight > before:
            self._trim()
        return None if data is None else {"data": data}

    def writes(self, request: Request) -> bool:
        """Whether a mutation is asked for."""
        document = self.prepare(request.query).document
        operation = None if document is None else get_operation_ast(document, request.operation_name)
        return operation is not None and operation.operation is OperationType.MUTATION

    def prepare(self, text: str) -> Prepared:
        """`text`, parsed and validated; remembered, the most recently used up to a bound."""
        prepared = self._prepared.pop(text, None)
        if prepared is None:
            prepared = self._parsed(text)
            self._prepared[text] = prepared
            self._trim()
        else:
            self._prepared[text] = prepared
        return prepared

    def _trim(self) -> None:
        """Forget what was not used for longest; what is being used stays, alone if need be."""
        characters = sum(map(len, self._prepared))
        weight = sum(prepared.weight for prepared in self._prepared.values())
        while len(self._prepared) > 1 and (
            len(self._prepared) > CACHED_DOCUMENTS or characters > CACHED_CHARACTERS or weight > CACHED_WEIGHT
        ):
            text, forgotten = self._prepared.popitem(last=False)
            characters -= len(text)
            weight -= forgotten.weight

    def _parsed(self, text: str) -> Prepared:
        try:
            document = parse(text, max_tokens=TOKEN_LIMIT)
            errors = validate(self._schema, document, max_errors=20)
        except GraphQLSyntaxError as error:
            return Prepared(None, (_formatted(error, {"code": "GRAPHQL_PARSE_FAILED"}),))
        except RecursionError:
            return Prepared(None, (_error("the document is nested too deeply", "GRAPHQL_PARSE_FAILED"),))
        if errors:
            code = {"code": "GRAPHQL_VALIDATION_FAILED"}
            return Prepared(None, tuple(_formatted(error, code) for error in errors))
        return Prepared(document)

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
            return _formatted(error, {"code": "BAD_USER_INPUT"})
        if cause is not None and (refusal := self._explain(cause)):
            return _formatted(error, refusal.extensions) | {"message": refusal.message}
        if isinstance(cause, GraphQLError) and cause.nodes:
            # It names a place in the document: a variable that is null where its argument may not be.
            return _formatted(error, {"code": "BAD_USER_INPUT"})
        logger.error("fault in a resolver", path=error.path, exc_info=cause or error)
        masked = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
        return _formatted(error, masked) | {"message": "internal server error"}


def _formatted(error: GraphQLError, extensions: Mapping[str, object]) -> dict[str, Any]:
    formatted: dict[str, Any] = {"message": error.message, "extensions": dict(extensions)}
    if error.locations:
        formatted["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        formatted["path"] = error.path
    return formatted


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _refused(message: str, code: str) -> dict[str, Any]:
    return {"errors": [_error(message, code)]}

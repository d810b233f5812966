"""Running GraphQL operations: parsed and validated once, executed; errors coded, faults masked."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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

TOKEN_LIMIT = 2_000
CACHED_DOCUMENTS = 500
CACHED_CHARACTERS = 2_000_000

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


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


class Operations:
    """A schema's operations; texts seen before are neither parsed nor validated again."""

    def __init__(self, schema: GraphQLSchema, explain: Callable[[Exception], Refusal | None]) -> None:
        """`explain` tells refusals, which the client may read, from faults, for which it gives None."""
        self._schema = schema
        self._explain = explain
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0

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

    def prepare(self, text: str) -> Prepared:
        """`text`, parsed and validated; remembered, the most recently used up to a bound."""
        prepared = self._prepared.pop(text, None)
        if prepared is None:
            prepared = self._parsed(text)
            self._characters += len(text)
        self._prepared[text] = prepared
        while len(self._prepared) > CACHED_DOCUMENTS or self._characters > CACHED_CHARACTERS:
            forgotten, _ = self._prepared.popitem(last=False)
            self._characters -= len(forgotten)
        return prepared

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
            # Variables that can't be coerced; what fails later, below a path, is never the client's doing.
            return _formatted(error, {"code": "BAD_USER_INPUT"})
        if cause is not None and (refusal := self._explain(cause)):
            return _formatted(error, refusal.extensions) | {"message": refusal.message}
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

"""Documents: parsed, measured, validated, priced; in this order, so that what is too large costs little."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import (
    ASTValidationRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    VariablesInAllowedPositionRule,
)

from zorbit.engine.compiled import Planned, planned
from zorbit.engine.costs import Pricing
from zorbit.engine.formulas import Branch, Cost, cost_of, path_of, value_of
from zorbit.engine.introspection import is_about_schema
from zorbit.engine.journal import told_name
from zorbit.engine.levels import CHARACTERS
from zorbit.engine.measures import Endless, Limits, Measure, beyond, measured

ERRORS = 20
"""Errors that a document is told at most."""
MESSAGE = 1_000
"""Characters of a message that are told: graphql-core repeats all of a value for each part that is wrong."""
TOKENS_A_FIELD = 3
"""By what they hold: the collector looks through five hundred texts of a thousand tokens for a second."""
TOKENS = "Syntax Error: Document contains more than"
"""How graphql-core begins to say that it stopped reading."""
NAMES = {"root_fields": "rootFields"}
"""Measures that clients know by another name."""
TOO_COMPLEX = "QUERY_TOO_COMPLEX"

SLOW: tuple[tuple[type[ASTValidationRule], ...], ...] = (
    (NoUndefinedVariablesRule, NoUnusedVariablesRule, VariablesInAllowedPositionRule),
    (OverlappingFieldsCanBeMergedRule,),
)
"""Rules that take up to 15 milliseconds; the others, all together, hardly more."""
RULES = (tuple(rule for rule in specified_rules if rule not in {*SLOW[0], *SLOW[1]}), *SLOW)

Error = dict[str, Any]
"""As it is answered."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What documents may do."""

    limits: Limits
    introspection: bool
    suggestions: bool
    """Whether errors say what may have been meant, which tells of the schema."""


@dataclass(slots=True)
class Operation:
    """One of a document's."""

    kind: str
    """`query`, `mutation` or `subscription`."""
    name: str
    """As operators are told it."""
    cost: Cost
    is_about_schema: bool
    planned: Planned | None = None
    """With its plans: a query that was asked for."""
    told: bytes | None = None
    """Its data, where that is the same for everybody as long as no variables are given."""

    @property
    def weight(self) -> int:
        """What its plans and its answer weigh, in fields."""
        plans = 0 if self.planned is None else self.planned.weight
        return plans + len(self.told or b"") // CHARACTERS


@dataclass(frozen=True, slots=True)
class Ready:
    """A text that is ready to be run, or the reasons why it can't be."""

    document: DocumentNode | None
    errors: tuple[Error, ...] = ()
    measures: tuple[Measure, ...] = ()
    """As far as it was measured."""
    operations: Mapping[str | None, Operation] = field(default_factory=dict)
    """By the names that requests give: one that is alone need not be named."""

    @property
    def tokens(self) -> int:
        """How many the text has; none where it could not be read."""
        return next((one.value for one in self.measures if one.name == "tokens"), 0)

    def query(self, name: str | None) -> Planned | None:
        """The query that a request names, to be planned; of fifty in one text, the others cost nothing."""
        operation = self.operations.get(name)
        if operation is None or operation.kind != "query":
            return None
        if operation.planned is None and self.document is not None:
            operation.planned = planned(self.document, name)
        return operation.planned

    @property
    def weight(self) -> int:
        """What it, its plans and its answers weigh, in fields."""
        operations = {id(one): one for one in self.operations.values()}.values()
        return self.tokens // TOKENS_A_FIELD + sum(one.weight for one in operations)


def prepared(schema: GraphQLSchema, text: str, policy: Policy) -> Iterator[Ready | None]:
    """A text, made ready to be run in steps: None after each, at last the text.

    Of one that is meant to be dear a step takes up to 15 milliseconds, all of them 60.
    """
    try:
        yield from _steps(schema, text, policy)
    except GraphQLSyntaxError as error:
        if error.message.startswith(TOKENS):
            tokens = (Measure("tokens", policy.limits.tokens + 1),)
            yield Ready(None, too_complex(tokens, policy.limits), tokens)
        else:
            yield Ready(None, (formatted(error, {"code": "GRAPHQL_PARSE_FAILED"}),))
    except RecursionError:
        yield Ready(None, (error_of("the document is nested too deeply", "GRAPHQL_PARSE_FAILED"),))


def _steps(schema: GraphQLSchema, text: str, policy: Policy) -> Iterator[Ready | None]:
    limits = policy.limits
    document = _unlinked(parse(text, max_tokens=limits.tokens))
    yield None
    try:
        found = (Measure("characters", len(text)), *measured(document, limits))
    except Endless:
        errors = _violations(schema, document, [NoFragmentCyclesRule], policy)
        yield Ready(None, tuple(errors))
        return
    if beyond(found, limits):
        yield Ready(None, too_complex(found, limits), found)
        return
    errors = _forbidden(schema, document, policy)
    for rules in RULES:
        if not errors:
            yield None
            errors = _violations(schema, document, rules, policy)
    yield None
    yield Ready(None, tuple(errors), found) if errors else _priced(schema, document, found, limits)


def too_long(text: str, limits: Limits) -> Ready | None:
    """Why a text is not read, if it is too long for that."""
    found = (Measure("characters", len(text)),)
    return Ready(None, too_complex(found, limits), found) if beyond(found, limits) else None


def too_complex(found: Sequence[Measure], limits: Limits) -> tuple[Error, ...]:
    """An error for each measure that is beyond its limit."""
    return tuple(_too_much(one, getattr(limits, one.name)) for one in beyond(found, limits))


def dearest(
    schema: GraphQLSchema, ready: Ready, name: str | None, variables: Mapping[str, Any] | None
) -> Measure:
    """The cost of an operation of a document that was priced, and where most of it arises."""
    assert ready.document is not None  # noqa: S101 - for the type checker: it was priced
    operation = get_operation_ast(ready.document, name)
    assert operation is not None  # noqa: S101 - likewise
    root = branch_of(schema, ready.document, operation)
    given = variables or {}
    # Not anew for each field: 4,900 values in 39 filters took 30 ms, for a refusal that is free.
    told = {factor: factor.of(given) for factors in root.terms for factor in factors}
    path = path_of(root, lambda one: value_of(one.terms.items(), told.__getitem__))
    return Measure("cost", ready.operations[name].cost.whole.of(variables), path)


def branch_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Branch:
    """What an operation of a valid document costs, field by field."""
    fragments = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
    return Pricing(schema, {one.name.value: one for one in fragments}).operation(operation)


def error_of(message: str, code: str, **extensions: object) -> Error:
    """An error that has no place in a document."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def formatted(error: GraphQLError, extensions: Mapping[str, object]) -> Error:
    """An error of graphql-core's."""
    whole = error.message
    message = whole if len(whole) <= MESSAGE else f"{whole[:MESSAGE]}..."
    found: Error = {"message": message, "extensions": dict(extensions)}
    if error.locations:
        found["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        found["path"] = error.path
    return found


def public(measure: str) -> str:
    """A measure's name, as clients read it."""
    return NAMES.get(measure, measure)


def _too_much(found: Measure, limit: int) -> Error:
    name, path = public(found.name), ".".join(found.path)
    where = f"; most of it at `{path}`" if path else ""
    return error_of(
        f"the operation is too complex: {name} {found.value}, the limit is {limit}{where}",
        TOO_COMPLEX,
        measure=name,
        value=found.value,
        limit=limit,
        **({"path": path} if path else {}),
    )


def _unlinked(document: DocumentNode) -> DocumentNode:
    """A document whose tokens do not refer to each other: one that is forgotten is gone at once."""
    token = None if document.loc is None else document.loc.start_token
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following
    return document


def _forbidden(schema: GraphQLSchema, document: DocumentNode, policy: Policy) -> list[Error]:
    if policy.introspection:
        return []
    refused = validate(schema, document, [NoSchemaIntrospectionCustomRule], max_errors=1)
    return [formatted(error, {"code": "INTROSPECTION_DISABLED"}) for error in refused[:1]]


def _violations(
    schema: GraphQLSchema, document: DocumentNode, rules: Collection[type[ASTValidationRule]], policy: Policy
) -> list[Error]:
    visitors: list[ASTValidationRule] = []

    def visiting(rule: type[ASTValidationRule]) -> Any:
        def made(context: Any) -> ASTValidationRule:
            visitors.append(rule(context))
            return visitors[-1]

        return made

    made = [visiting(rule) for rule in rules]
    errors = validate(schema, document, made, max_errors=ERRORS, hide_suggestions=not policy.suggestions)
    for visitor in visitors:
        # Each refers to itself. A hundred fragments left the collector 15,000 objects to find, now 4,000.
        visitor.__dict__.clear()
    return [formatted(error, {"code": "GRAPHQL_VALIDATION_FAILED"}) for error in errors]


def _priced(
    schema: GraphQLSchema, document: DocumentNode, found: tuple[Measure, ...], limits: Limits
) -> Ready:
    definitions = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    branches = [branch_of(schema, document, one) for one in definitions]
    most = max(branches, key=lambda one: one.lists)
    found += (Measure("lists", most.lists, path_of(most, lambda one: one.lists)),)
    if beyond(found, limits):
        return Ready(None, too_complex(found, limits), found)
    operations: dict[str | None, Operation] = {}
    for definition, branch in zip(definitions, branches, strict=True):
        name = definition.name.value if definition.name else None
        operations[name] = Operation(
            definition.operation.value,
            told_name(name),
            cost_of(branch),
            is_about_schema(document, definition),
        )
    if len(operations) == 1:
        operations[None] = next(iter(operations.values()))
    return Ready(document, measures=found, operations=operations)

"""What fields cost beside the engine's own rule: pages by rule, the exceptions by name.

`schema.graphql` shows both, in the directives that the IBM cost specification and Apollo share.
"""

from collections.abc import Iterator
from json import dumps

from graphql import (
    DirectiveLocation,
    FieldDefinitionNode,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDirective,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Node,
    get_named_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
    parse,
)

from zorbit import paging
from zorbit.engine.costs import LIST, LISTED, MUTATION, OBJECT, PRICE, VALUE, ListSize, Price
from zorbit.engine.formulas import ITEM

PAGE = ListSize(paging.DEFAULT_SIZE, ("first", "last"), ("edges", "nodes"), paging.MAXIMUM_SIZE)
ARGUMENTS = {"search": 200, "where": 50}
"""Words are looked up among all rows of all users, conditions that nothing meets among all of one's own."""
COUNTED = Price(weight=50)
WRAPPED = Price(weight=1)
EXCEPTIONS = {
    "Query.nodes": Price(size=ListSize(1, ("ids",), maximum=100)),
    "Query.operationCost": Price(weight=50_000),
    "Query.restorePreview": Price(weight=500),
    "Query.trash": Price(weight=200, size=PAGE),
    "DeleteRowsPayload.results": Price(size=ListSize(100)),
    "RestoreRowsPayload.results": Price(size=ListSize(100)),
    "Usage.history": Price(weight=50, size=ListSize(31)),
}
"""By coordinate."""
COST = GraphQLDirective(
    "cost",
    [DirectiveLocation.ARGUMENT_DEFINITION, DirectiveLocation.FIELD_DEFINITION],
    {"weight": GraphQLArgument(GraphQLNonNull(GraphQLInt), description="In points.")},
    description=(
        f"What a field costs, or giving an argument. Without it a value costs {VALUE}, an object {OBJECT}, "
        f"a mutation {MUTATION}, each value in a list that an argument gives {LISTED}, "
        f"and an object in one {LISTED * ITEM} more."
    ),
)
LIST_SIZE = GraphQLDirective(
    "listSize",
    [DirectiveLocation.FIELD_DEFINITION],
    {
        "assumedSize": GraphQLArgument(GraphQLInt, description="How many rows, where no argument tells."),
        "slicingArguments": GraphQLArgument(
            GraphQLList(GraphQLNonNull(GraphQLString)),
            description="The arguments that tell, a number or a list; the first that is given counts.",
        ),
        "sizedFields": GraphQLArgument(
            GraphQLList(GraphQLNonNull(GraphQLString)),
            description="The lists below the field that have this size.",
        ),
        "requireOneSlicingArgument": GraphQLArgument(
            GraphQLBoolean, default_value=True, description="Here always false: pages have a size anyway."
        ),
    },
    description=f"By what the cost of all that is selected of a row is multiplied; without it by {LIST}.",
)


def declare(schema: GraphQLSchema) -> None:
    """Give the fields of a schema their prices, and the schema the directives that show them."""
    schema.directives = (*schema.directives, COST, LIST_SIZE)
    for coordinate, made in _fields(schema):
        price = EXCEPTIONS.get(coordinate) or _price(coordinate.partition(".")[2], made)
        if price is not None:
            made.extensions[PRICE] = price


def shown(schema: GraphQLSchema, text: str) -> str:
    """The SDL `text` of a schema, with what its fields cost."""
    fields = dict(_fields(schema))
    marks: list[tuple[int, str]] = []
    for definition in parse(text).definitions:
        for node in getattr(definition, "fields", None) or ():
            price = fields.get(f"{definition.name.value}.{node.name.value}", NO_FIELD).extensions.get(PRICE)  # type: ignore[attr-defined] # what has fields has a name
            if isinstance(node, FieldDefinitionNode) and price is not None:
                marks += _marks(node, price)
    for place, mark in sorted(marks, reverse=True):
        text = f"{text[:place]} {mark}{text[place:]}"
    return text


NO_FIELD = GraphQLField(GraphQLString)


def _price(name: str, made: GraphQLField) -> Price | None:
    kind = get_named_type(made.type).name
    if kind.endswith("Connection"):
        return Price(size=PAGE, arguments={key: cost for key, cost in ARGUMENTS.items() if key in made.args})
    if name == "totalCount":
        return COUNTED
    return WRAPPED if kind.endswith("Edge") else None


def _fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    """Every field of the schema's own, by coordinate."""
    for kind in schema.type_map.values():
        if (is_object_type(kind) or is_interface_type(kind)) and not is_introspection_type(kind):
            for name, made in kind.fields.items():
                yield f"{kind.name}.{name}", made


def _marks(node: FieldDefinitionNode, price: Price) -> Iterator[tuple[int, str]]:
    """Directives, and where they stand in the text."""
    for argument in node.arguments or ():
        weight = price.arguments.get(argument.name.value)
        if weight is not None:
            yield _end(argument), f"@cost(weight: {weight})"
    marks = [] if price.weight is None else [f"@cost(weight: {price.weight})"]
    if price.size is not None:
        marks.append(f"@listSize({', '.join(_size(price.size))})")
    if marks:
        yield _end(node.type), " ".join(marks)


def _size(size: ListSize) -> Iterator[str]:
    yield f"assumedSize: {size.assumed}"
    if size.arguments:
        yield f"slicingArguments: {dumps(size.arguments)}"
    if size.fields:
        yield f"sizedFields: {dumps(size.fields)}"
    if size.arguments:
        yield "requireOneSlicingArgument: false"


def _end(node: Node) -> int:
    assert node.loc is not None  # noqa: S101 - for the type checker: it was parsed with locations
    return node.loc.end

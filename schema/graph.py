"""How the graph is declared: a GraphQL type is a shape laid over a table, and an edge is a relation.

A shape lists the public columns by name (`title: strawberry.auto`), so that nothing is public by accident;
type and description come from the column. `one` and `many` declare edges by the foreign key that makes them.
Types refer to one another in circles, so they are made together, by `finish`, when all shapes are declared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.scalars import JSON
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from schema import inputs, readings
from schema.access import Access, Require
from schema.connections import Connection, Source
from schema.fields import READING, read_by
from zorbit import models, paging
from zorbit.checks import text_of, uuid_of
from zorbit.context import Context
from zorbit.engine.readings import Column, Reading, Resolved
from zorbit.filters import SEARCH_LIMIT
from zorbit.loaders.relations import NEWEST_FIRST, Listing, ToMany, ToOne
from zorbit.models.base import SEARCH_VECTOR
from zorbit.paging import Order
from zorbit.visibility import known_along, target_of

C = TypeVar("C", bound=type)

Arguments = dict[str, tuple[Any, str]]
"""(type, description) by name."""

SIZES = f"0 to {paging.MAXIMUM_SIZE}, {paging.DEFAULT_SIZE} unless told otherwise"
FIRST = f"How many rows, from the list's beginning or `after`; {SIZES}."
AFTER = "A cursor: the page begins behind its row."
LAST = f"How many rows, from the list's end or `before`; {SIZES}."
BEFORE = "A cursor: the page ends ahead of its row."
SEARCH = (
    'Full text: rows with all of these words. `"two words"` in sequence, `or` between alternatives, '
    f"`-` before what must not occur; at most {SEARCH_LIMIT} characters."
)
PUBLIC_TYPES: dict[Any, Any] = {Any | None: JSON | None, Any: JSON | None}

# What string annotations are looked up in when the schema is built.
NAMES: dict[str, Any] = {"Connection": Connection, "list": list}


@strawberry.interface(description="Whatever has an id.")
class Node:
    """Whatever has an id."""

    id: strawberry.ID = strawberry.field(
        description="Globally unique, lower case, never used again.", metadata={READING: Column("id")}
    )


@dataclass(frozen=True)
class DeclaredEdge:
    """A declared edge, not yet a field: `make` is given the parent's and the field's name."""

    make: Callable[[str, str], StrawberryField]


@dataclass(frozen=True)
class Shape:
    """A declared type, not yet a GraphQL type."""

    origin: type
    table: type[models.Row]
    description: str
    filters: tuple[str, ...]


SHAPES: dict[type[models.Row], Shape] = {}


def shape(table: type[models.Row], description: str, *, filters: tuple[str, ...] = ()) -> Callable[[C], C]:
    """Declare the GraphQL type of `table`; `filters` are the columns that lists of it can be filtered by."""

    def declared(origin: C) -> C:
        SHAPES[table] = Shape(origin, table, description, filters)
        return origin

    return declared


def one(key: Any, description: str) -> Any:
    """The row that a foreign key of this table refers to; null while that row is invisible."""
    target = target_of(key)
    relation = ToOne(target, key.key, target.id)
    reading = readings.row_of(relation, known_along(key.class_, key, target))
    return DeclaredEdge(lambda _parent, _name: _to_one(relation, description, reading))


def only(key: Any, description: str) -> Any:
    """The one row of another table whose unique foreign key refers to this row."""
    relation = ToOne(key.class_, "id", key)
    reading = readings.row_of(relation, known_along(target_of(key), key, key.class_))
    return DeclaredEdge(lambda _parent, _name: _to_one(relation, description, reading))


def many(
    key: Any,
    description: str,
    *,
    orders: tuple[str, ...] = ("created_at",),
    default_order: Order = NEWEST_FIRST,
    condition: ColumnElement[bool] | None = None,
    access: Access | None = None,
) -> Any:
    """The rows of another table whose foreign key refers to this row; or those that meet `condition`."""
    relation = ToMany(key.class_, key, orders, default_order, condition)
    return DeclaredEdge(
        lambda parent, name: _to_many(relation, f"{parent}{_title(name)}", description, access)
    )


def all_rows(
    table: type[models.Row], description: str, *, filters: tuple[str, ...], access: Access = Access.ADMINS
) -> Any:
    """Every visible row, whosever it is; `filters` must each be served by an index."""
    relation = ToMany(table, None)
    return DeclaredEdge(lambda _parent, name: _to_many(relation, _title(name), description, access, filters))


def by_id(table: type[models.Row], description: str) -> Any:
    """The row of `table` with an id; null for what is unknown, deleted or another's."""

    async def resolve(info: Info[Context, None], id: strawberry.ID) -> Any:
        return await info.context.loaders.row(table, uuid_of(id, "id"))

    arguments = {"id": (strawberry.ID, "The row's id.")}
    annotation = f"{table.__name__} | None"
    return DeclaredEdge(
        lambda _parent, _name: computed(
            resolve, annotation, description, arguments, Access.PEOPLE, reading=readings.row_by_id(table)
        )
    )


def _to_one(relation: ToOne, description: str, reading: Reading) -> StrawberryField:
    async def resolve(self: Any, info: Info[Context, None]) -> Any:
        return await info.context.loaders.one(relation, self)

    # Nullable, even where the column is not: the row may be deleted between two statements, and a service
    # that sees a post sees nothing beyond it.
    return computed(resolve, f"{relation.table.__name__} | None", description, reading=reading)


def _to_many(
    relation: ToMany,
    name: str,
    description: str,
    access: Access | None = None,
    filters: tuple[str, ...] | None = None,
) -> StrawberryField:
    table = relation.table

    async def resolve(self: Any, info: Info[Context, None], **given: Any) -> Any:
        parent = None if relation.key is None else self.id
        return Connection(source=_source(_listing(relation, given), parent))

    if filters is None:
        where_type = inputs.where_type(f"{table.__name__}Where", table, SHAPES[table].filters, combined=True)
    else:
        where_type = inputs.where_type(f"{name}Where", table, filters, combined=False)
    order_type = inputs.order_type(f"{name}Order", table, relation.orders)
    arguments = _list_arguments(relation, where_type, order_type)
    # Nullable where a rule may refuse it, so that its refusal does not take its siblings along.
    nullable = "" if access is None else " | None"
    reading = readings.rows_of(relation, partial(_listing, relation))
    annotation = f"Connection[{table.__name__}]{nullable}"
    return computed(resolve, annotation, description, arguments, access, reading=reading)


def _listing(relation: ToMany, given: Mapping[str, Any]) -> Listing:
    """What a list's arguments ask for; raises BadInput naming what can't be asked."""
    order = inputs.order(given.get("order_by"), relation.default_order)
    where = inputs.condition(given.get("where"))
    search = given.get("search")
    if search is not None:
        text_of(search, "search", SEARCH_LIMIT)
    return Listing(relation, where, search, order, paging.page_of(relation.table, order, given))


def _source(listing: Listing, parent: UUID | None) -> Source:
    return Source(
        listing.order,
        slice=lambda loaders: loaders.slice(listing, parent),
        count=lambda loaders: loaders.count(listing, parent),
    )


def _list_arguments(relation: ToMany, where_type: Any, order_type: Any) -> Arguments:
    first = "newest" if relation.default_order.descending else "oldest"
    arguments: Arguments = {
        "where": (where_type | None, "Which rows to list."),
        "order_by": (order_type | None, f"The order of the list; {first} first unless told otherwise."),
        "first": (int | None, FIRST),
        "after": (str | None, AFTER),
        "last": (int | None, LAST),
        "before": (str | None, BEFORE),
    }
    if SEARCH_VECTOR in models.table_of(relation.table).c:
        arguments["search"] = (str | None, SEARCH)
    return arguments


def computed(
    resolve: Callable[..., Any],
    annotation: str,
    description: str,
    arguments: Arguments | None = None,
    access: Access | None = None,
    *,
    reading: Reading | None = None,
) -> StrawberryField:
    """A field whose type and arguments are given as data."""
    extensions: list[FieldExtension] = [] if access is None else [Require(access)]
    made = StrawberryField(
        base_resolver=StrawberryResolver(resolve),
        type_annotation=StrawberryAnnotation(annotation, namespace=NAMES),
        description=description,
        extensions=extensions,
        metadata={READING: read_by(access, reading or Resolved())},
    )
    made.arguments = [
        StrawberryArgument(name, None, StrawberryAnnotation(kind), description=text)
        for name, (kind, text) in (arguments or {}).items()
    ]
    return made


def finish() -> None:
    """Make every declared shape a GraphQL type."""
    for declared in SHAPES.values():
        NAMES[declared.origin.__name__] = declared.origin
    for declared in SHAPES.values():
        _add_columns(declared)
        add_edges(declared.origin)
        _recognise_rows(declared)
        strawberry.type(declared.origin, description=declared.description)


def _add_columns(declared: Shape) -> None:
    origin, table = declared.origin, declared.table
    for name in [name for name, kind in origin.__annotations__.items() if kind is strawberry.auto]:
        column = table.model_fields[name]
        public = strawberry.field(
            name=inputs.camel(name.rstrip("_")),
            description=column.description,
            metadata={READING: Column(name)},
        )
        origin.__annotations__[name] = PUBLIC_TYPES.get(column.annotation, column.annotation)
        setattr(origin, name, public)


def add_edges(origin: type) -> None:
    """Make the edges that a class declares its fields."""
    for name, edge in [(name, edge) for name, edge in vars(origin).items() if isinstance(edge, DeclaredEdge)]:
        setattr(origin, name, edge.make(origin.__name__, name))


def _recognise_rows(declared: Shape) -> None:
    """Resolvers return rows as they are; behind an interface GraphQL has to tell which type a row is of."""
    origin, table = declared.origin, declared.table
    setattr(origin, "is_type_of", classmethod(lambda _cls, value, _info: isinstance(value, table)))  # noqa: B010


def _title(name: str) -> str:
    return name.title().replace("_", "")

"""How compiled plans read the graph: from the same relations and rules as the resolvers."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from graphql.execution.values import get_argument_values
from sqlalchemy import Uuid, bindparam, func
from strawberry.types.arguments import convert_arguments

from schema.fields import READING
from schema.scalars import AS_STORED
from zorbit import models, paging, visibility
from zorbit.auth import viewers
from zorbit.checks import id_of
from zorbit.config import Settings
from zorbit.db import unavailable
from zorbit.engine.levels import database_column
from zorbit.engine.readings import Bounds, ById, ByText, ColumnOf, Graph, Many, ManyMade, One
from zorbit.engine.values import reader
from zorbit.errors import Refused
from zorbit.loaders import statements
from zorbit.loaders.relations import Listing, ToMany, ToOne, slotted
from zorbit.paging import Order, Page
from zorbit.services import publishing, trash, users
from zorbit.services.terms import terms
from zorbit.slots import Slots, operand
from zorbit.visibility import NONE, PART_OF, Viewer, conditions, known_along, target_of

Known = AbstractSet[type[models.Row]]


def visible(row: Any, viewer: Viewer) -> list[Any]:
    """Who may see a row that was found by its id alone.

    The caller was seen to be alive when the plan's root was read, and only an admin sees others' rows.
    """
    return conditions(row, viewer, NONE if viewer.sees_everything else frozenset({models.User}))


def row_of(relation: ToOne, known: Known) -> One:
    """The row that a relation leads to; of `known`, see `visibility.conditions`."""

    def on(parent: Any, row: Any, viewer: Viewer) -> list[Any]:
        matching = getattr(row, relation.matching.key)
        return [matching == getattr(parent, relation.key), *conditions(row, viewer, known)]

    return One(relation.table, on, (relation.key,))


def row_by_id(table: type[models.Row]) -> ById:
    """The row of `table` that the argument `id` names."""
    return ById(table, lambda given: id_of(given["id"], "id"), visible)


def rows_of(relation: ToMany, listing: Callable[[Mapping[str, Any]], Listing]) -> Many:
    """The rows of a relation; `listing` tells what the arguments ask for."""
    known: Known = NONE
    if relation.key is not None and relation.table in PART_OF:  # what is recorded of acts has no keys
        known = known_along(target_of(relation.key), relation.key, relation.table)
    return Many(
        relation.table,
        relation.key,
        listing=lambda given: slotted(listing(given), statements.plain),
        page=lambda shape, viewer, _terms: statements.page(shape, viewer, known),
        members=lambda shape, viewer, _terms: statements.members(shape, viewer, known),
        order=lambda shape, rows: paging.ordering(rows, shape.order, shape.page.backward),
        bounds=lambda shape: _bounds(shape.page),
        # Whether an index of words is worth while depends on how rare they are.
        is_custom=lambda shape: shape.search is not None,
        cursor=lambda shape: _cursor(shape.relation.table, shape.order),
    )


def due_posts(asked: Callable[[Mapping[str, Any]], Page]) -> Many:
    """The posts that are due; `asked` tells which page the arguments ask for."""
    table, order = models.Post, publishing.LONGEST_DUE_FIRST
    return Many(
        table,
        None,
        listing=lambda given: _slotted(asked(given)),
        page=lambda page, _viewer, terms: paging.paged(publishing.due(terms), table, order, page),
        members=lambda _page, _viewer, terms: publishing.due(terms),
        order=lambda page, rows: paging.ordering(rows, order, page.backward),
        bounds=_bounds,
        is_custom=_never,
        cursor=lambda _page: _cursor(table, order),
    )


# What a publisher is told of a due post's owner, none of whose rows they see.
OWNER_EMAIL = ColumnOf(
    One(models.User, lambda post, row, _viewer: [row.id == post.user_id], ("user_id",)), "email"
)
SUBSCRIPTION_STATUS = ColumnOf(
    One(models.Subscription, lambda post, row, _viewer: [row.user_id == post.user_id], ("user_id",)), "status"
)


def trash_of(asked: Callable[[Mapping[str, Any]], tuple[UUID | None, Page]]) -> ManyMade:
    """One user's trash; `asked` tells whose (None: the caller's own), and which page."""

    def listing(given: Mapping[str, Any]) -> tuple[Any, list[Any]]:
        (owner_id, page), slots = asked(given), Slots()
        owner = None if owner_id is None else slots.take(owner_id)
        return (owner, page.slotted(slots)), slots.values

    def owner_of(shape: Any, viewer: Viewer) -> Any:
        return viewer.id if shape[0] is None else operand(shape[0], Uuid())

    return ManyMade(
        listing,
        page=lambda shape, viewer, _terms: trash.entry_rows(viewer, owner_of(shape, viewer), shape[1]),
        members=lambda shape, viewer, _terms: trash.every_id(viewer, owner_of(shape, viewer)),
        make=trash.entry,
        bounds=lambda shape: _bounds(shape[1]),
        is_custom=_never,
        cursor=lambda _shape: _cursor(models.Post, trash.LATEST_FIRST),
    )


def deleted_users(asked: Callable[[Mapping[str, Any]], Page]) -> ManyMade:
    """The deleted users; `asked` tells which page the arguments ask for."""
    return ManyMade(
        listing=lambda given: _slotted(asked(given)),
        page=lambda page, viewer, _terms: trash.user_rows(viewer, page),
        members=lambda _page, viewer, _terms: visibility.deleted_users(viewer),
        make=trash.entry,
        bounds=_bounds,
        is_custom=_never,
        cursor=lambda _page: _cursor(models.User, trash.LATEST_FIRST),
    )


def user_by_email(email: Callable[[Mapping[str, Any]], str]) -> ByText:
    """The live user with the address that the arguments name."""
    return ByText(
        models.User,
        email,
        lambda row, text, viewer: [users.has_email(row, text), *visible(row, viewer)],
    )


def _never(_shape: Any) -> bool:
    return False


def _slotted(page: Page) -> tuple[Page, list[Any]]:
    slots = Slots()
    return page.slotted(slots), slots.values


def _bounds(page: Page) -> Bounds:
    return Bounds(page.size, page.beyond is not None, page.backward)


def _cursor(table: type[models.Row], order: Order) -> tuple[str, Callable[[Any, str], str]]:
    read = reader(database_column(table, order.field).type)

    def cursor(value: Any, id: str) -> str:
        return paging.cursor_at(order, value if read is None or value is None else read(value), id)

    return order.field, cursor


def graph(strawberry_schema: Any, settings: Settings) -> Graph:
    """The graph of `strawberry_schema`, as the operator's settings have it."""
    converter = strawberry_schema.schema_converter

    def arguments(made: Any, node: Any, variables: Any) -> Mapping[str, Any]:
        given = get_argument_values(made, node, variables)
        return convert_arguments(
            given,
            _definition(made).arguments,
            scalar_registry=converter.scalar_registry,
            config=strawberry_schema.config,
        )

    def names(made: Any) -> Mapping[str, str]:
        convert = strawberry_schema.config.name_converter.from_argument
        return {convert(one): one.python_name for one in _definition(made).arguments}

    return Graph(
        reading=lambda made: _definition(made).metadata.get(READING),
        arguments=arguments,
        names=names,
        tables={table.__name__: table for table in models.TABLES},
        visible=visible,
        caller=models.User,
        is_caller=lambda row: viewers.is_caller(row, settings.identity),
        kind="role",
        viewer=lambda kind: Viewer(cast("UUID", bindparam("viewer", type_=Uuid)), kind),
        is_refusal=lambda error: isinstance(error, Refused),
        is_outage=lambda error: unavailable(error) is not None,
        terms=terms(settings, cast("datetime", func.now())),
        texts=AS_STORED,
    )


def _definition(made: Any) -> Any:
    return made.extensions["strawberry-definition"]

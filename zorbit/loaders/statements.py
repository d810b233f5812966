"""The statements that read many parents' rows at once."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import aliased

from zorbit import filters, models, paging
from zorbit.loaders.relations import Listing
from zorbit.models.base import SEARCH_VECTOR
from zorbit.slots import Slot, operand
from zorbit.visibility import NONE, Viewer, visible

POSITION = "position"
# Every minus that only another minus follows. PostgreSQL keeps one place on a stack for each, and has 32.
MINUSES = re.compile(r'-[^\w"]*(?=-)')


def by_column(table: type[models.Row], column: Any, viewer: Viewer, keys: Sequence[UUID]) -> Select[Any]:
    """The visible rows whose `column` holds one of `keys`."""
    return visible(table, viewer).where(column == func.any(_array(keys)))


def members(listing: Listing, viewer: Viewer, known: AbstractSet[type[models.Row]] = NONE) -> Select[Any]:
    """Every row of a listing, of all parents, in no order; of `known`, see `visibility.conditions`."""
    table = listing.relation.table
    statement = visible(table, viewer, known)
    if listing.relation.condition is not None:
        statement = statement.where(listing.relation.condition)
    if listing.where is not None:
        statement = statement.where(filters.sql(listing.where, table))
    if listing.search is not None:
        statement = statement.where(_matches(table, listing.search))
    return statement


def page(listing: Listing, viewer: Viewer, known: AbstractSet[type[models.Row]] = NONE) -> Select[Any]:
    """A listing without a parent."""
    table = listing.relation.table
    return paging.paged(members(listing, viewer, known), table, listing.order, listing.page)


def pages(listing: Listing, viewer: Viewer, parents: Sequence[UUID]) -> Select[Any]:
    """(the parent's position, row), each parent's page in the listing's order.

    One LATERAL subquery a parent: it reads an index from where the page begins and stops after the page.
    """
    parent = _parents(parents)
    rows = page(listing, viewer).where(listing.relation.key == parent.c.key).lateral()
    row = aliased(listing.relation.table, rows)
    return (
        select(parent.c.position, row)
        .select_from(parent)
        .join(rows, true())
        .order_by(parent.c.position, *paging.ordering(row, listing.order, listing.page.backward))
    )


def count(listing: Listing, viewer: Viewer) -> Select[Any]:
    """How many rows a listing without a parent has."""
    return select(func.count()).select_from(members(listing, viewer).subquery())


def counts(listing: Listing, viewer: Viewer, parents: Sequence[UUID]) -> Select[Any]:
    """(the parent's position, how many rows it has); parents without rows are counted too."""
    parent = _parents(parents)
    rows = members(listing, viewer).where(listing.relation.key == parent.c.key)
    number = rows.with_only_columns(func.count()).correlate(parent).scalar_subquery()
    return select(parent.c.position, number).select_from(parent)


def _parents(keys: Sequence[UUID]) -> Any:
    keyed = func.unnest(_array(keys)).table_valued("key", with_ordinality=POSITION)
    return keyed.render_derived(name="parent")


def _array(keys: Sequence[UUID]) -> Any:
    return bindparam(None, list(keys), type_=ARRAY(Uuid))


def plain(words: str) -> str:
    """Words to search for, without what only costs."""
    return MINUSES.sub("", words)


def _matches(table: type[models.Row], words: str | Slot) -> ColumnElement[bool]:
    vector = models.table_of(table).c[SEARCH_VECTOR]
    asked = operand(words, String()) if isinstance(words, Slot) else plain(words)
    return vector.bool_op("@@")(func.websearch_to_tsquery(literal_column("'simple'"), asked))

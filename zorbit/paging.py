"""Keyset paging: pages of an ordered list, forwards and backwards, by opaque cursors.

A cursor holds the order that made it and its row's place in that order (the ordered value, then the id), so
that rows inserted or deleted between two pages neither skip nor repeat another row of an immutable order.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, or_, tuple_

from zorbit.engine.statements import limited
from zorbit.errors import BadInput
from zorbit.slots import Slots, operand

DEFAULT_SIZE = 20
MAXIMUM_SIZE = 100
CURSOR_LIMIT = 4_000  # characters: a name of 300 control characters makes 2,500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

S = TypeVar("S", bound="Select[*tuple[Any, ...]]")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Order:
    """By one column, then by id in the same direction; nulls last in both."""

    field: str
    descending: bool = True

    @property
    def tag(self) -> str:
        """How cursors name the order."""
        return self.field + ("-" if self.descending else "+")


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in an order; its parts may be slots."""

    value: Any
    id: Any


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    size: int = DEFAULT_SIZE
    beyond: Place | None = None
    backward: bool = False

    def slotted(self, slots: Slots) -> "Page":
        """What a statement depends on: a cursor's values are left open."""
        if self.beyond is None:
            return self
        value = None if self.beyond.value is None else slots.take(self.beyond.value)
        return replace(self, beyond=Place(value, slots.take(self.beyond.id)))


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """A page of rows, in the list's order, and whether the list goes on to either side."""

    rows: Sequence[R]
    has_next: bool
    has_previous: bool


def page_of(columns: Any, order: Order, given: Mapping[str, Any]) -> Page:
    """The page that a connection's arguments ask for, among others; for the rest see `page`."""
    return page(columns, order, **{name: given.get(name) for name in ("first", "after", "last", "before")})


def page(
    columns: Any,
    order: Order,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Page:
    """The page that a connection's arguments ask for, of a list of `columns`' rows.

    Raises BadInput for a size outside 0 to MAXIMUM_SIZE, for both directions at once, and for a cursor that
    this order did not make.
    """
    backward = last is not None or before is not None
    if backward and (first is not None or after is not None):
        raise BadInput(
            "page forwards with `first` and `after`, or backwards with `last` and `before`, not both"
        )
    name, size, cursor = ("last", last, before) if backward else ("first", first, after)
    if size is not None and not 0 <= size <= MAXIMUM_SIZE:
        raise BadInput(f"`{name}` must be between 0 and {MAXIMUM_SIZE}, not {size}", field=name)
    field = "before" if backward else "after"
    beyond = None if cursor is None else _decoded(cursor, getattr(columns, order.field), order, field)
    return Page(DEFAULT_SIZE if size is None else size, beyond, backward)


def paged(statement: S, columns: Any, order: Order, page: Page) -> S:
    """`statement` cut to `page`, with one row more to tell whether the list goes on.

    `columns` holds the columns by attribute: a table's class, or an alias of it.
    """
    if page.beyond is not None:
        statement = statement.where(_beyond(columns, order, page.beyond, page.backward))
    return limited(statement.order_by(*ordering(columns, order, page.backward)), page.size + 1)


def ordering(columns: Any, order: Order, backward: bool) -> list[UnaryExpression[Any]]:
    """ORDER BY, reversed for a page that is read backwards."""
    column = getattr(columns, order.field)
    falls = order.descending != backward
    by_value = column.desc() if falls else column.asc()
    if _nullable(column):
        # Said only where it matters: an index on a column without nulls does not match NULLS LAST.
        by_value = by_value.nulls_first() if backward else by_value.nulls_last()
    return [by_value, columns.id.desc() if falls else columns.id.asc()]


def sliced(rows: Sequence[R], page: Page) -> Slice[R]:
    """What `paged` found, in the list's order.

    On the side that a cursor came from the list is taken to go on: the cursor's row was there.
    """
    more, beyond = len(rows) > page.size, page.beyond is not None
    rows = rows[: page.size]
    if page.backward:
        return Slice(rows[::-1], has_next=beyond, has_previous=more)
    return Slice(rows, has_next=more, has_previous=beyond)


def _beyond(columns: Any, order: Order, place: Place, backward: bool) -> ColumnElement[bool]:
    column, key = getattr(columns, order.field), columns.id
    id = operand(place.id, key.type)
    falls = order.descending != backward
    if place.value is None:
        later_null = and_(column.is_(None), key < id if falls else key > id)
        return or_(later_null, column.is_not(None)) if backward else later_null
    here, there = tuple_(column, key), tuple_(operand(place.value, column.type), id)
    later = here < there if falls else here > there
    return or_(later, column.is_(None)) if _nullable(column) and not backward else later


def _nullable(column: Any) -> bool:
    return bool(column.property.columns[0].nullable)


def cursor(order: Order, row: Any) -> str:
    """The cursor of `row` in a list of this order."""
    return cursor_at(order, getattr(row, order.field), str(row.id))


def cursor_at(order: Order, value: Any, id: str) -> str:
    """The cursor of a place in a list of this order."""
    if isinstance(value, datetime):
        value = (value - EPOCH) // MICROSECOND
    return base64.urlsafe_b64encode(orjson.dumps([order.tag, value, id])).decode().rstrip("=")


def _decoded(text: str, column: Any, order: Order, field: str) -> Place:
    try:
        padded = text[:CURSOR_LIMIT] + "=" * (-len(text) % 4)
        decoded = orjson.loads(base64.b64decode(padded, b"-_", validate=True))
        tag, value, key = decoded if isinstance(decoded, list) else [None] * 3
        if tag == order.tag:
            return Place(_value(value, column), UUID(key))
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        tag = None
    if isinstance(tag, str):
        raise BadInput("another order made this cursor: begin again without it", field=field)
    raise BadInput("not a cursor of this list", field=field)


def _value(value: Any, column: Any) -> Any:
    """The ordered value, held to its column's type: a cursor comes from outside."""
    kind = column.type.python_type
    match value:
        case None if _nullable(column):
            return None
        case int() if kind is datetime:
            return EPOCH + value * MICROSECOND
        case str() if kind is str and "\0" not in value:
            return value
    raise ValueError(value)

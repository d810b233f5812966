"""Relations between tables, as data: whatever reads the graph follows these."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement

from zorbit import filters, models
from zorbit.paging import Order, Page
from zorbit.slots import Slot, Slots

NEWEST_FIRST = Order("created_at")
OLDEST_FIRST = Order("created_at", descending=False)


@dataclass(frozen=True, slots=True, eq=False)
class ToOne:
    """From a row to the one row of `table` whose `matching` column holds the value of the row's `key`."""

    table: type[models.Row]
    key: str
    matching: Any


@dataclass(frozen=True, slots=True, eq=False)
class ToMany:
    """From a row to the rows of `table` whose `key` holds its id; without a key, all rows of `table`."""

    table: type[models.Row]
    key: Any | None
    orders: tuple[str, ...] = ("created_at",)
    default_order: Order = NEWEST_FIRST
    condition: ColumnElement[bool] | None = None
    """Which of the rows belong to the list, where it is not all of them."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as asked for, whosever it is: equal listings of many parents are read by one statement."""

    relation: ToMany
    where: filters.Condition | None
    search: str | Slot | None
    order: Order
    page: Page


def slotted(listing: Listing, plain: Callable[[str], str]) -> tuple[Listing, list[Any]]:
    """(what the listing's statement depends on, the values for its slots `v0`, `v1`, ...).

    `plain` is what becomes of words to search for.
    """
    slots = Slots()
    where = None if listing.where is None else filters.slotted(listing.where, slots.take)
    search = None if listing.search is None else slots.take(plain(str(listing.search)))
    page = listing.page.slotted(slots)
    return replace(listing, where=where, search=search, page=page), slots.values

"""Relay connections: pages of a list, read by loaders when a client asks for their rows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry
from strawberry.types import Info

from schema.fields import field
from zorbit import paging
from zorbit.context import Context
from zorbit.loaders import Loaders
from zorbit.paging import Order

T = TypeVar("T")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(
        description="Whether the list goes on after this page; after `before` it is taken to."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether the list goes on before this page; after `after` it is taken to."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first row.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last row.")


@strawberry.type(description="A row of a page, with its place in the list.")
class Edge(Generic[T]):
    """A row of a page, with its place in the list."""

    node: T = strawberry.field(description="The row.")
    order: strawberry.Private[Order]

    @field("The row's place in this order of the list; opaque.")
    def cursor(self) -> str:
        """Made only when it is asked for."""
        return paging.cursor(self.order, self.node)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a connection's rows come from: called only when a client asks for rows, or for their number."""

    order: Order
    slice: Callable[[Loaders], Awaitable[paging.Slice[Any]]]
    count: Callable[[Loaders], Awaitable[int]]


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page of a list; nothing is read before one of its fields asks for it."""

    source: strawberry.Private[Source]

    @field("The rows of the page, with their cursors.")
    async def edges(self, info: Info[Context, None]) -> list[Edge[T]]:
        """Cursors cost nothing unless they are selected."""
        found = await self.source.slice(info.context.loaders)
        return [Edge(node=row, order=self.source.order) for row in found.rows]

    @field("The rows of the page.")
    async def nodes(self, info: Info[Context, None]) -> list[T]:
        """The rows without their edges."""
        return list((await self.source.slice(info.context.loaders)).rows)

    @field("Where the page lies in its list.")
    async def page_info(self, info: Info[Context, None]) -> PageInfo:
        """The two ends of the page."""
        found = await self.source.slice(info.context.loaders)
        ends = [paging.cursor(self.source.order, row) for row in (*found.rows[:1], *found.rows[-1:])]
        start, end = ends or (None, None)
        return PageInfo(
            has_next_page=found.has_next,
            has_previous_page=found.has_previous,
            start_cursor=start,
            end_cursor=end,
        )

    @field("How many rows the list has on all its pages; counted only when selected.")
    async def total_count(self, info: Info[Context, None]) -> int:
        """A statement of its own for each level."""
        return await self.source.count(info.context.loaders)

"""Dataloaders: everything that one level of a query asks of one relation is read by one statement.

Every batch opens a session of its own, so that sibling fields run concurrently. A set of loaders lives as
long as one request, and so do the rows that it remembers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from zorbit import models, paging
from zorbit.db import Database
from zorbit.engine.waiting import given_up_together
from zorbit.loaders import statements
from zorbit.loaders.relations import Listing, ToOne
from zorbit.paging import Slice
from zorbit.visibility import Viewer

V = TypeVar("V")

Batch = Callable[..., Awaitable[list[V]]]
"""Reads what belongs to each key, in the keys' order: (session, viewer, keys, *about)."""


class SharedLoader(DataLoader[Any, V]):
    """A loader whose answers several fields may wait for: one that is canceled takes no other along."""

    def load(self, key: Any) -> Awaitable[V]:
        """The value that belongs to `key`."""
        return asyncio.shield(super().load(key))


class Loaders:
    """One request's loaders, made when they are first asked for."""

    def __init__(self, database: Database, viewer: Viewer) -> None:
        """The loaders see what `viewer` may see."""
        self._database = database
        self._viewer = viewer
        self._made: dict[Hashable, DataLoader[Any, Any]] = {}

    def batch(self, read: Batch[V], *about: Hashable) -> DataLoader[Any, V]:
        """A loader over `read`; one for each distinct `about`, which `read` is called with last."""
        made = self._made.get((read, *about))
        if made is None:
            made = self._made[read, *about] = SharedLoader(partial(self._run, read, about))
        return made

    async def _run(self, read: Any, about: tuple[Hashable, ...], keys: list[Any]) -> list[Any]:
        # A batch is a task of its own, which several fields wait for.
        with given_up_together():
            async with self._database.read() as session:
                return cast("list[Any]", await read(session, self._viewer, keys, *about))

    async def row(self, table: type[models.Row], key: UUID) -> Any:
        """The visible row of `table` with that id, or None."""
        return await self.batch(rows_by_column, table, table.id).load(key)

    def prime(self, row: models.Row) -> None:
        """Remember a row that was just written, so that it isn't read again."""
        table = type(row)
        self.batch(rows_by_column, table, table.id).prime(row.id, row)

    async def one(self, relation: ToOne, parent: Any) -> Any:
        """The visible row that `parent` refers to, or None."""
        key = getattr(parent, relation.key)
        if key is None:
            return None
        return await self.batch(rows_by_column, relation.table, relation.matching).load(key)

    async def slice(self, listing: Listing, parent: UUID | None) -> Slice[Any]:
        """The parent's page of the listing; without a parent, the listing's."""
        if parent is None:
            return await self.once(root_slice, listing)
        return await self.batch(slices, listing).load(parent)

    async def count(self, listing: Listing, parent: UUID | None) -> int:
        """How many rows the listing has on all its pages."""
        if parent is None:
            return await self.once(root_total, listing)
        return await self.batch(totals, listing).load(parent)

    async def once(self, read: Callable[..., Awaitable[V]], *about: Hashable) -> V:
        """What `read`, called with (session, viewer, *about), gives; read once, however many fields ask."""
        return cast("V", await self.batch(_single, read, *about).load(None))


async def _single(
    session: AsyncSession, viewer: Viewer, _keys: Sequence[None], read: Any, *about: Hashable
) -> list[Any]:
    return [await read(session, viewer, *about)]


async def rows_by_column(
    session: AsyncSession, viewer: Viewer, keys: Sequence[UUID], table: type[models.Row], column: Any
) -> list[Any]:
    """The visible row of `table` that holds each key in the unique `column`, or None."""
    found = await session.scalars(statements.by_column(table, column, viewer, keys))
    rows = {getattr(row, column.key): row for row in found}
    return [rows.get(key) for key in keys]


async def slices(
    session: AsyncSession, viewer: Viewer, parents: Sequence[UUID], listing: Listing
) -> list[Slice[Any]]:
    """Each parent's page of the listing."""
    groups: list[list[Any]] = [[] for _ in parents]
    for position, row in await session.execute(statements.pages(listing, viewer, parents)):
        groups[position - 1].append(row)
    return [paging.sliced(group, listing.page) for group in groups]


async def totals(
    session: AsyncSession, viewer: Viewer, parents: Sequence[UUID], listing: Listing
) -> list[int]:
    """How many rows each parent has."""
    found = await session.execute(statements.counts(listing, viewer, parents))
    numbers = {position: number for position, number in found.all()}  # noqa: C416 - rows are not pairs to mypy
    return [numbers[position] for position in range(1, len(parents) + 1)]


async def root_slice(session: AsyncSession, viewer: Viewer, listing: Listing) -> Slice[Any]:
    """The page of a listing without a parent."""
    rows = (await session.scalars(statements.page(listing, viewer))).all()
    return paging.sliced(rows, listing.page)


async def root_total(session: AsyncSession, viewer: Viewer, listing: Listing) -> int:
    """How many rows a listing without a parent has."""
    return await session.scalar(statements.count(listing, viewer)) or 0

"""Dataloaders, made anew for each request."""

import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from . import tables
from .tables import Base, Session

Load = Callable[[list[Any]], Awaitable[list[Any]]]


def by_id(model: type[Base]) -> Load:
    """Live rows by their ids."""

    async def load(keys: list[uuid.UUID]) -> list[Base | None]:
        query = select(model).where(model.id.in_(keys))
        if hasattr(model, "isDeleted"):
            query = query.where(~model.isDeleted)
        async with Session() as session:
            found = {row.id: row for row in await session.scalars(query)}
        return [found.get(key) for key in keys]

    return load


def newest(model: Any, column: str) -> Load:
    """The newest `first` live children of each parent; keys are (parent's id, first)."""

    async def load(keys: list[tuple[uuid.UUID, int]]) -> list[list[Base]]:
        first = max(number for _, number in keys)
        parent = getattr(model, column)
        order = (model.createdAt.desc(), model.id.desc())
        rank = func.row_number().over(partition_by=parent, order_by=order).label("rank")
        ranked = select(model, rank).where(parent.in_([key for key, _ in keys]))
        if hasattr(model, "isDeleted"):
            ranked = ranked.where(~model.isDeleted)
        inner = ranked.subquery()
        query = select(aliased(model, inner)).where(inner.c.rank <= first).order_by(inner.c.rank)
        groups: dict[uuid.UUID, list[Base]] = defaultdict(list)
        async with Session() as session:
            for row in await session.scalars(query):
                groups[getattr(row, column)].append(row)
        return [groups[key][:number] for key, number in keys]

    return load


def children(model: Any, column: str, order: Any = None) -> Load:
    """All children of each parent."""

    async def load(keys: list[uuid.UUID]) -> list[list[Base]]:
        query = select(model).where(getattr(model, column).in_(keys)).order_by(order)
        groups: dict[uuid.UUID, list[Base]] = defaultdict(list)
        async with Session() as session:
            for row in await session.scalars(query):
                groups[getattr(row, column)].append(row)
        return [groups[key] for key in keys]

    return load


LOADERS: dict[str, Load] = {
    "user": by_id(tables.UserRow),
    "post": by_id(tables.PostRow),
    "persona": by_id(tables.PersonaRow),
    "template": by_id(tables.TemplateRow),
    "plan": by_id(tables.PlanRow),
    "threads": newest(tables.ThreadRow, "userId"),
    "messages": newest(tables.ChatMessageRow, "threadId"),
    "ideas": newest(tables.ContentIdeaRow, "chatMessageId"),
    "posts": newest(tables.PostRow, "chatMessageId"),
    "invoices": newest(tables.InvoiceRow, "userId"),
    "subscription": children(tables.SubscriptionRow, "userId"),
    "quotas": children(tables.UsageQuotaRow, "userId", tables.UsageQuotaRow.type),
    "items": children(tables.InvoiceItemRow, "invoiceId"),
}

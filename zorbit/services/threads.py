"""Threads: conversations about a post or an idea."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import Thread
from zorbit.services import locks
from zorbit.services.rows import change
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer


async def create(session: AsyncSession, user_id: UUID, values: Values) -> Thread:
    """A new thread of the user's."""
    demand(*values.faults)
    await locks.hold_user(session, user_id)
    thread = Thread(**values, user_id=user_id)
    session.add(thread)
    await session.flush()
    return thread


async def update(
    session: AsyncSession, viewer: Viewer, id: UUID, values: Values, *, if_updated_at: datetime | None
) -> Thread:
    """The thread with some columns changed; raises Conflict where it was changed since `if_updated_at`."""
    demand(*values.faults)
    thread = await locks.hold_row(session, viewer, Thread, id, field="input.id")
    return await change(session, thread, values, if_updated_at=if_updated_at)

"""Threads: conversations about a post or an idea."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import Thread
from zorbit.services import locks
from zorbit.services.rows import add_row
from zorbit.services.values import Values, demand


async def create(session: AsyncSession, user_id: UUID, values: Values) -> Thread:
    """A new thread of the user's."""
    demand(*values.faults)
    await locks.hold_user(session, user_id)
    return await add_row(session, Thread(**values, user_id=user_id))

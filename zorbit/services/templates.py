"""Templates: patterns to write posts by."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import Template
from zorbit.services import locks
from zorbit.services.rows import add_row
from zorbit.services.values import Values, demand


async def create(session: AsyncSession, user_id: UUID, values: Values) -> Template:
    """A new template of the user's."""
    demand(*values.faults)
    await locks.hold_user(session, user_id)
    return await add_row(session, Template(**values, user_id=user_id))

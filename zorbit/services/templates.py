"""Templates: patterns to write posts by."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import Template
from zorbit.services import locks
from zorbit.services.rows import change
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer


async def create(session: AsyncSession, user_id: UUID, values: Values) -> Template:
    """A new template of the user's."""
    demand(*values.faults)
    await locks.hold_user(session, user_id)
    template = Template(**values, user_id=user_id)
    session.add(template)
    await session.flush()
    return template


async def update(
    session: AsyncSession, viewer: Viewer, id: UUID, values: Values, *, if_updated_at: datetime | None
) -> Template:
    """The template with some columns changed; raises Conflict where it was changed since `if_updated_at`."""
    demand(*values.faults)
    template = await locks.hold_row(session, viewer, Template, id, field="input.id")
    return await change(session, template, values, if_updated_at=if_updated_at)

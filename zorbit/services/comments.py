"""Comments: collected from others, or made for a persona to leave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import Comment
from zorbit.services import locks, references
from zorbit.services.rows import add_row, change
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer


async def create(session: AsyncSession, user_id: UUID, values: Values) -> Comment:
    """A new comment of the user's."""
    await locks.hold_user(session, user_id)
    demand(*values.faults, *await references.faults_of(session, user_id, values))
    return await add_row(session, Comment(**values, user_id=user_id))


async def update(
    session: AsyncSession, viewer: Viewer, id: UUID, values: Values, *, if_updated_at: datetime | None
) -> Comment:
    """The comment with some columns changed; raises Conflict where it was changed since `if_updated_at`."""
    comment = await locks.hold_row(session, viewer, Comment, id, field="input.id")
    demand(*values.faults, *await references.faults_of(session, comment.user_id, values))
    return await change(session, comment, values, if_updated_at=if_updated_at)

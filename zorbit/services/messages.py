"""Messages: what was said in a thread."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import ChatMessage, Thread
from zorbit.services import locks, references
from zorbit.services.rows import change
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer


async def create(session: AsyncSession, viewer: Viewer, values: Values) -> ChatMessage:
    """A new message of a thread, its owner's."""
    thread = await references.hold_parent(session, viewer, Thread, values, "thread_id")
    message = ChatMessage(**values, thread_id=thread.id, user_id=thread.user_id)
    session.add(message)
    await session.flush()
    return message


async def update(
    session: AsyncSession, viewer: Viewer, id: UUID, values: Values, *, if_updated_at: datetime | None
) -> ChatMessage:
    """The message with some columns changed; raises Conflict where it was changed since `if_updated_at`."""
    demand(*values.faults)
    message = await locks.hold_row(session, viewer, ChatMessage, id, field="input.id")
    return await change(session, message, values, if_updated_at=if_updated_at)

"""Messages: what was said in a thread."""

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import ChatMessage, Thread
from zorbit.services import references
from zorbit.services.rows import add_row
from zorbit.services.values import Values
from zorbit.visibility import Viewer


async def create(session: AsyncSession, viewer: Viewer, values: Values) -> ChatMessage:
    """A new message of a thread, its owner's."""
    thread = await references.hold_parent(session, viewer, Thread, values, "thread_id")
    return await add_row(session, ChatMessage(**values, thread_id=thread.id, user_id=thread.user_id))

"""Ideas for content, made from messages."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import ChatMessage, ContentIdea
from zorbit.services import locks, references
from zorbit.services.rows import add_row, change
from zorbit.services.values import Values
from zorbit.visibility import Viewer


async def create(session: AsyncSession, viewer: Viewer, values: Values) -> ContentIdea:
    """A new idea from a message, its owner's."""
    message = await references.hold_parent(session, viewer, ChatMessage, values, "chat_message_id")
    return await add_row(session, ContentIdea(**values, chat_message_id=message.id, user_id=message.user_id))


async def mark(session: AsyncSession, viewer: Viewer, id: UUID, *, is_saved: bool) -> ContentIdea:
    """The idea, on its owner's list of saved ideas or not."""
    idea = await locks.hold_row(session, viewer, ContentIdea, id, field="input.id")
    return await change(session, idea, {"is_saved": is_saved})

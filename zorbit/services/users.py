"""Users: finding them, and how they come into being."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.models import User
from zorbit.visibility import Viewer, visible


async def by_email(session: AsyncSession, viewer: Viewer, email: str) -> User | None:
    """The live user with this address, in whatever case."""
    statement = visible(User, viewer).where(func.lower(col(User.email)) == func.lower(email))
    return await session.scalar(statement)

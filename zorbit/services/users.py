"""Users: finding them, and how they come into being."""

import re
from datetime import datetime

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from zorbit.checks import NAME_LIMIT, text_of
from zorbit.errors import BadInput, Unauthenticated
from zorbit.models import Role, User
from zorbit.visibility import ANY_USER, OPERATOR, Viewer, visible

EMAIL_LIMIT = 320
EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,255}")


async def by_email(session: AsyncSession, viewer: Viewer, email: str) -> User | None:
    """The live user with this address, in whatever case."""
    statement = visible(User, viewer).where(func.lower(col(User.email)) == func.lower(email))
    return await session.scalar(statement)


async def caller(session: AsyncSession, viewer: Viewer) -> tuple[Viewer, datetime]:
    """The caller as they are in this transaction, and its time.

    Raises Unauthenticated where they were deleted since the request came.
    """
    statement = visible(User, OPERATOR).where(col(User.id) == viewer.id)
    found = (await session.execute(statement.with_only_columns(col(User.role), func.now()))).one_or_none()
    if found is None:
        raise Unauthenticated("the token's user does not exist, or not any more")
    return Viewer(viewer.id, found[0]), found[1]


async def any_exists(session: AsyncSession) -> bool:
    """Whether there is any user at all, deleted ones too."""
    return bool(await session.scalar(text(ANY_USER)))


async def create(
    session: AsyncSession,
    email: str,
    *,
    role: Role = Role.USER,
    name: str | None = None,
    auth_issuer: str | None = None,
    auth_subject: str | None = None,
) -> User | None:
    """A new user; None where a live user has the address, or any user the subject.

    Raises BadInput for what is not an address, and for a name that is too long.
    """
    if not EMAIL.fullmatch(text_of(email, "email", EMAIL_LIMIT)):
        raise BadInput("`email` must be an address like ada@example.com", field="email")
    if name is not None:
        text_of(name, "name", NAME_LIMIT)
    values = {
        "id": uuid7(),
        "email": email,
        "name": name,
        "role": role,
        "auth_issuer": auth_issuer,
        "auth_subject": auth_subject,
    }
    # One statement decides, so that of two at once one is told.
    return await session.scalar(insert(User).values(values).on_conflict_do_nothing().returning(User))

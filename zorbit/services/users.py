"""Users: finding them, how they come into being, and what they may do."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from zorbit.checks import NAME_LIMIT, fault, text_of
from zorbit.errors import Conflict, Unauthenticated
from zorbit.models import Role, User
from zorbit.services import locks
from zorbit.services.rows import change
from zorbit.services.values import Values, demand, faults_in
from zorbit.visibility import ANY_USER, OPERATOR, Viewer, visible

EMAIL_LIMIT = 320
EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,255}")


async def by_email(session: AsyncSession, viewer: Viewer, email: str) -> User | None:
    """The live user with this address, in whatever case."""
    return await session.scalar(visible(User, viewer).where(has_email(User, email)))


def has_email(user: Any, email: Any) -> ColumnElement[bool]:
    """Whether a user's address is `email`, in whatever case."""
    return func.lower(user.email) == func.lower(email)


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
    check_email(email, "email")
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


def check_email(email: str, field: str) -> None:
    """Raises BadInput, with `field`, for what is not an address."""
    # What is not printable (a space without width, a turn of the writing) makes it look like another's.
    if not (EMAIL.fullmatch(text_of(email, field, EMAIL_LIMIT)) and email.isprintable()):
        raise fault(field, "must be an address like ada@example.com")


async def register(session: AsyncSession, viewer: Viewer, values: Values) -> User:
    """A new user of an admin's; raises Conflict, with whoever has it, for an address that is taken."""
    email_faults = faults_in(check_email, values["email"], "input.email") if "email" in values else []
    demand(*values.faults, *email_faults)
    user = await create(session, **values)
    if user is None:
        rival = await by_email(session, viewer, values["email"])
        current = None if rival is None else (User, rival.id)
        raise Conflict("a live user has this address", field="input.email", current=current)
    return user


async def update(
    session: AsyncSession, user_id: UUID, values: Values, *, if_updated_at: datetime | None
) -> User:
    """The user with some columns changed; raises Conflict where they were changed since `if_updated_at`."""
    demand(*values.faults)
    user = await locks.hold_user(session, user_id, alone=True)
    return await change(session, user, values, if_updated_at=if_updated_at)


async def set_role(session: AsyncSession, viewer: Viewer, id: UUID, role: Role) -> tuple[User, Role]:
    """The user in another role, and the role before. Raises LastAdmin where no admin would be left."""
    user = await locks.hold_with_admins(session, viewer, id, field="input.id", deposes=role is not Role.ADMIN)
    before = user.role
    return await change(session, user, {"role": role}), before

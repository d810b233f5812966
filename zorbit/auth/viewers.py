"""From a token's claims to a viewer: liveness and role come from the user's row, at every request."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.auth.tokens import Claims
from zorbit.config import Identity
from zorbit.models import User
from zorbit.visibility import OPERATOR, Viewer, visible


async def find(session: AsyncSession, claims: Claims, identity: Identity) -> tuple[Viewer, datetime] | None:
    """The live user whom the claims mean, and the database's time; None where there is no such user."""
    condition = _named_by_id(claims) if identity is Identity.USER_ID else _named_by_issuer(claims)
    if condition is None:
        return None
    statement = visible(User, OPERATOR).where(condition)
    found = await session.execute(statement.with_only_columns(col(User.id), col(User.role), func.now()))
    row = found.one_or_none()
    return None if row is None else (Viewer(row[0], row[1]), row[2])


def _named_by_id(claims: Claims) -> ColumnElement[bool] | None:
    try:
        return col(User.id) == UUID(claims.subject)
    except ValueError:
        return None


def _named_by_issuer(claims: Claims) -> ColumnElement[bool]:
    return and_(col(User.auth_issuer) == claims.issuer, col(User.auth_subject) == claims.subject)

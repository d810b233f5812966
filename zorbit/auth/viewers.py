"""From a token's claims to a viewer: liveness and role come from the user's row, at every request."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.auth.tokens import REMEMBERED, Claims
from zorbit.config import Identity
from zorbit.engine.compiled import Principal
from zorbit.models import User
from zorbit.visibility import OPERATOR, Viewer, conditions, visible


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


def is_caller(row: Any, identity: Identity) -> list[ColumnElement[bool]]:
    """What makes `row` the caller's, alive: the parameters are those of `Seen`."""
    found = [row.id == bindparam("viewer", type_=Uuid), *conditions(row, OPERATOR)]
    if identity is not Identity.USER_ID:
        found += [row.auth_issuer == bindparam("issuer"), row.auth_subject == bindparam("subject")]
    return found


def _parameters(viewer: Viewer, claims: Claims) -> Mapping[str, bytes | None]:
    return {
        "viewer": str(viewer.id).encode(),
        "issuer": claims.issuer.encode(),
        "subject": claims.subject.encode(),
    }


class Seen:
    """Whom claims meant when they were last looked up: only a guess, which every read has to confirm."""

    def __init__(self) -> None:
        """Nobody was seen yet."""
        self._found: OrderedDict[str, tuple[Viewer, Principal]] = OrderedDict()

    def get(self, claims: Claims) -> tuple[Viewer, Principal] | None:
        """The viewer, also as compiled reads know them, if there was one."""
        return self._found.get(claims.caller)

    def remember(self, claims: Claims, viewer: Viewer) -> tuple[Viewer, Principal]:
        """Keep the guess; those that were made first are dropped past a bound."""
        found = viewer, Principal(viewer.role, _parameters(viewer, claims))
        self._found[claims.caller] = found
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
        return found

    def forget(self, claims: Claims) -> None:
        """Drop a guess that was wrong."""
        self._found.pop(claims.caller, None)

"""Looking for the rows that break an invariant."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.db import Database
from zorbit.doctor.invariants import INVARIANTS, Invariant

SHOWN = 20
"""How many offenders of an invariant are named."""


@dataclass(frozen=True, slots=True)
class Offender:
    """A row that breaks an invariant; without an id where a part of the schema is missing."""

    table: str
    id: UUID | None
    problem: str


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows break an invariant, and the first of them."""

    invariant: Invariant
    count: int
    offenders: list[Offender]


async def examine(database: Database) -> list[Finding]:
    """What breaks each invariant, all of it as of one instant."""
    async with database.survey() as session:
        return [await _finding(session, invariant) for invariant in INVARIANTS.values()]


async def _finding(session: AsyncSession, invariant: Invariant) -> Finding:
    offender = invariant.offenders().subquery()
    statement = select(offender.c.table, offender.c.id, offender.c.problem, func.count().over())
    rows = (await session.execute(statement.order_by(offender.c.table, offender.c.id).limit(SHOWN))).all()
    offenders = [Offender(table, id, problem) for table, id, problem, _ in rows]
    return Finding(invariant, rows[0][-1] if rows else 0, offenders)

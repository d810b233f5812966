"""The audit trail: who changed what, and when."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.models import AuditEntry, Row, User
from zorbit.visibility import Viewer


async def record(
    session: AsyncSession,
    viewer: Viewer,
    action: str,
    subjects: Iterable[Row],
    details: Mapping[str, Any] | None = None,
) -> None:
    """Note that `viewer` did `action` to each of `subjects`, in the transaction of the act.

    `details` hold names, numbers and an admin's reason, never what users wrote.
    """
    entries = [
        {
            "actor_id": viewer.id,
            "actor_role": viewer.role if viewer.id is not None else None,
            "action": action,
            "subject_type": type(subject).__name__,
            "subject_id": subject.id,
            "user_id": owner_id_of(subject),
            "details": None if details is None else dict(details),
        }
        for subject in subjects
    ]
    if entries:
        await session.execute(insert(AuditEntry), entries)


def owner_id_of(row: Row) -> UUID | None:
    """Whose row it is; None for what is nobody's."""
    return row.id if isinstance(row, User) else getattr(row, "user_id", None)

"""Persisted queries: documents that callers store, within bounds that no caller can use up for the others."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from zorbit.config import Settings

LOCK = 7_091_300_013
"""Whoever stores holds this advisory lock: bounds are kept by one after the other."""
ROOM = 0.9
"""What stays where a bound was passed: of 10,000 documents it takes 20 ms to find which go, 2 ms to count."""
# A row that is being marked or deleted by somebody else is not waited for.
FIND = text("""
    WITH due AS (
      SELECT id FROM "PersistedQuery"
      WHERE hash = :hash AND "lastUsedAt" < now() - interval '1 day' FOR UPDATE SKIP LOCKED
    ), used AS (
      UPDATE "PersistedQuery" SET "lastUsedAt" = now() FROM due WHERE "PersistedQuery".id = due.id
    )
    SELECT document FROM "PersistedQuery" WHERE hash = :hash
""")
ADD = text("""
    INSERT INTO "PersistedQuery" (id, "userId", hash, document, bytes, "lastUsedAt")
    VALUES (:id, :user_id, :hash, :document, :bytes, clock_timestamp())
    ON CONFLICT (hash) DO NOTHING RETURNING id
""")
CROWDED = text("""
    SELECT count(*) > :entries OR sum(bytes) > :bytes
      OR count(*) FILTER (WHERE "userId" = :user_id) > :share * :entries
      OR sum(bytes) FILTER (WHERE "userId" = :user_id) > :share * :bytes
    FROM "PersistedQuery"
""")
# `held` is the part of the whole store that a document's owner has with what they used later. From the share
# on it goes; where all together are too many, those who hold most give, what they used longest ago.
TRIM = text("""
    DELETE FROM "PersistedQuery" USING (
      SELECT id, held, count(*) OVER kept AS entries, sum(bytes) OVER kept AS bytes
      FROM (
        SELECT id, bytes, "lastUsedAt",
          greatest(
            (count(*) OVER theirs - 1) / CAST(:entries AS float8),
            (sum(bytes) OVER theirs - 1) / CAST(:bytes AS float8)
          ) AS held
        FROM "PersistedQuery"
        WINDOW theirs AS (PARTITION BY "userId" ORDER BY "lastUsedAt" DESC, id DESC)
      ) AS documents
      WINDOW kept AS (ORDER BY held, "lastUsedAt" DESC, id DESC)
    ) AS ranked
    WHERE "PersistedQuery".id = ranked.id
      AND (held >= :share OR ranked.entries > :entries OR ranked.bytes > :bytes)
""")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is stored."""

    entries: int
    bytes: int
    share: float
    """Of both, what one caller's may come to."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the operator sets them."""
        share = settings.persisted_query_share / 100
        return cls(settings.persisted_queries, settings.persisted_query_bytes, share)


async def find(session: AsyncSession, key: str) -> str | None:
    """A document by its hash; that it is used is noted once a day."""
    found: str | None = await session.scalar(FIND, {"hash": key})
    return found


async def store(session: AsyncSession, user_id: UUID, key: str, document: str, bounds: Bounds) -> bool:
    """Store a document of a user's, unless it is larger than their share; whether it is stored.

    Past the bounds others make room: the user's own, or those of whoever holds most.
    """
    size = len(document.encode())
    if size > bounds.bytes * bounds.share * ROOM:
        return False
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    row = {"id": uuid7(), "user_id": user_id, "hash": key, "document": document, "bytes": size}
    added = await session.scalar(ADD, row)
    limits = {"entries": bounds.entries, "bytes": bounds.bytes, "share": bounds.share}
    if added is not None and await session.scalar(CROWDED, limits | {"user_id": user_id}):
        left = {"entries": bounds.entries * ROOM, "bytes": bounds.bytes * ROOM}
        await session.execute(TRIM, limits | left)
    return True

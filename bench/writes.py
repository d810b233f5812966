"""Writing under load: saving a post that spends its owner's quota, for 16 users, and for one."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import psycopg

from bench.answers import objects_in
from bench.peers import DRAFT
from bench.servers import Running
from bench.tasks import Size, Task, parsed
from bench.workload import shuffled, user_id

# Written posts come from no message, unlike those of `data.sql`.
_WRONG = """
WITH quota AS (
  SELECT id, "userId", used FROM "UsageQuota" WHERE type = 'post_generation' AND "userId" = ANY(%(users)s)
), entry AS (
  SELECT "quotaId", sum(amount) AS amount, count(*) FILTER (WHERE "subjectId" IS NOT NULL) AS written
  FROM "UsageLog" GROUP BY "quotaId"
), post AS (
  SELECT "userId", count(*) AS written FROM "Post" WHERE "chatMessageId" IS NULL GROUP BY "userId"
)
SELECT quota."userId", used, entry.amount, entry.written, coalesce(post.written, 0)
FROM quota JOIN entry ON entry."quotaId" = quota.id LEFT JOIN post USING ("userId")
WHERE used <> entry.amount OR entry.written <> coalesce(post.written, 0)
"""
_PUT_BACK = (
    """DELETE FROM "UsageLog" WHERE "subjectId" IN (SELECT id FROM "Post" WHERE "chatMessageId" IS NULL)""",
    """DELETE FROM "Post" WHERE "chatMessageId" IS NULL AND "userId" = ANY(%(users)s)""",
    """UPDATE "UsageQuota" SET used = 50 WHERE type = 'post_generation' AND "userId" = ANY(%(users)s)""",
)
_VACUUM = """VACUUM "Post", "UsageLog", "UsageQuota" """


def writes(connection: psycopg.Connection) -> list[Task]:
    """The tasks."""
    return [_write("spend_16", shuffled(16), connection), _write("spend_1", [1], connection)]


def _write(name: str, users: Sequence[int], connection: psycopg.Connection) -> Task:
    return Task(
        name,
        lambda peer: peer.writes,
        lambda peer: [peer.spending(user) for user in users],
        partial(_checked, users[0]),
        partial(_settle, connection, users),
    )


def _checked(user: int, running: Running) -> Size:
    body = running.ask(running.peer.spending(user))
    data = parsed(running, "spending", body)["data"]
    if not _holds(data, DRAFT["content"]):
        raise SystemExit(f"bench: {running.peer.name} does not write: {body[:600]!r}")
    return Size(len(body), objects_in(data))


def _holds(value: Any, content: str) -> bool:
    """Whether a post with the content is anywhere in an answer."""
    match value:
        case {"content": text}:
            return bool(text == content)
        case dict():
            return any(_holds(item, content) for item in value.values())
        case list():
            return any(_holds(item, content) for item in value)
    return False


def _settle(connection: psycopg.Connection, users: Sequence[int]) -> None:
    """Every post is paid for, and used is the sum of the log; then the tables as they were before."""
    parameters = {"users": [user_id(user) for user in users]}
    if wrong := connection.execute(_WRONG, parameters).fetchall():
        raise SystemExit(f"bench: (user, used, sum of the log, entries, posts) disagree: {wrong}")
    for statement in _PUT_BACK:
        connection.execute(statement, parameters)
    connection.execute(_VACUUM)

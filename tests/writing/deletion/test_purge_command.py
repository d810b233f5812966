"""`zorbit purge`: what it is told, and what it tells."""

from uuid import UUID

import psycopg
import pytest

from tests.rows import execute, insert
from tests.writing.commands import zorbit
from tests.writing.deletion.purges import OLD, counts, ids
from zorbit import demo
from zorbit.services.purging import ANONYMISED


def test_a_dry_run_tells_what_the_purge_then_does(database_url: str) -> None:
    demo.fill(database_url, users=3)
    execute(
        database_url,
        """UPDATE "Subscription" SET status = 'canceled', "endDate" = now() WHERE "userId" =
           (SELECT id FROM "User" WHERE email = 'trial@example.com')""",
    )
    execute(
        database_url,
        """UPDATE "User" SET "isDeleted" = true, "deletedAt" = now() - interval '2 days'
           WHERE email = 'trial@example.com'""",
    )
    execute(
        database_url,
        """UPDATE "Post" SET "scheduledOn" = NULL WHERE NOT "isPostedOnLinkedin" AND "userId" =
           (SELECT id FROM "User" WHERE email = 'trial@example.com')""",
    )
    before = counts(database_url)

    dry = zorbit(database_url, "purge", "--older-than", "36h", "--dry-run")
    between = counts(database_url)
    wet = zorbit(database_url, "purge", "--older-than", "36h")
    after = counts(database_url)
    again = zorbit(database_url, "purge", "--older-than", "36h")

    assert (dry.code, wet.code, again.code, wet.err) == (0, 0, 0, "")
    assert dry.out.startswith("to purge: ")
    assert wet.out == dry.out.replace("to purge", "purged")
    assert between == before
    told = {
        table: int(number)
        for number, table in (part.split(" ", 1) for part in wet.out.strip().partition(": ")[2].split(", "))
    }
    assert (told.pop(ANONYMISED), told["User"]) == (1, 1)
    assert {"Post", "Comment", "Template", "Thread", "ChatMessage", "ContentIdea", "Persona"} < told.keys()
    removed = {table: before[table] - after[table] for table in before if table != "AuditEntry"}
    assert {table: number for table, number in removed.items() if number} == told
    assert after["AuditEntry"] == 2
    assert again.out == "purged: nothing\n"
    assert zorbit(database_url, "doctor").code == 0


@pytest.mark.parametrize(
    "age", ["", "90", "0d", "0h", "-1d", "1.5d", "90 d", "90D", "1w", "30m", "d", "٣d", "100000d", "1d1h"]
)
def test_an_age_that_is_none_is_refused_in_a_line(database_url: str, user: UUID, age: str) -> None:
    post = insert(database_url, "Post", userId=user, **OLD)

    ended = zorbit(database_url, "purge", f"--older-than={age}")

    assert ended.code == (
        f"zorbit: --older-than takes days or hours, from 1h to 99999d: 90d or 36h, not {age!r}"
    )
    assert ids(database_url, "Post") == {post}


def test_who_names_no_age_purges_nothing(database_url: str) -> None:
    ended = zorbit(database_url, "purge")

    assert ended.code == 2
    assert "--older-than" in ended.err


def test_rows_in_use_are_told(database_url: str, user: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZORBIT_LOCK_TIMEOUT", "0.1")
    insert(database_url, "Post", userId=user, **OLD)
    with psycopg.connect(database_url) as holding:
        holding.execute('SELECT FROM "User" FOR SHARE')

        ended = zorbit(database_url, "purge", "--older-than", "90d")

    assert (ended.code, ended.out) == (0, "purged: nothing\n")
    assert ended.err == "in use, so left for the next time: 1\n"

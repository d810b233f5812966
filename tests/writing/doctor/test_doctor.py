"""`zorbit doctor`: each invariant is seen to be broken, by its very rows, and the demo breaks none."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import recreate, renamed
from tests.rows import PLAIN, execute, fetch
from tests.writing.commands import zorbit
from tests.writing.doctor.breaches import BREACHES, SECRET, Offenders
from tests.writing.doctor.guards import DROPPED, SWITCHED_OFF, UNINDEXED
from zorbit import db, demo
from zorbit.config import Settings
from zorbit.doctor import INVARIANTS, guards


@pytest.fixture(scope="module")
def copy(postgres: str, worker_database: str, worker_id: str) -> Iterator[Callable[[str], str]]:
    """Makes empty migrated databases, to be broken."""
    assert worker_database
    made: list[str] = []

    def make(name: str) -> str:
        made.append(f"zorbit_doctor_{name}_{worker_id}")
        recreate(postgres, made[-1], template=f"zorbit_template_{worker_id}")
        return renamed(postgres, made[-1])

    yield make
    for name in made:
        execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True)
class Broken:
    """A database in which every invariant is broken, and what the doctor must name."""

    url: str
    expected: dict[str, Offenders]
    told: dict[str, Any]


@pytest.fixture(scope="module")
def broken(copy: Callable[[str], str]) -> Broken:
    url = copy("broken")
    expected = {name: write(url) for name, write in BREACHES.items()}
    report = zorbit(url, "doctor", "--json")
    assert report.code == 1
    assert SECRET not in report.out
    return Broken(url, expected, {found["name"]: found for found in json.loads(report.out)["invariants"]})


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_names_the_rows_that_break_it_and_no_others(broken: Broken, name: str) -> None:
    found = broken.told[name]

    expected = [(table, id and str(id)) for table, id in broken.expected[name]]
    named = [(offender["table"], offender["id"]) for offender in found["offenders"]]
    assert sorted(named, key=str) == sorted(expected, key=lambda row: (row[0], row[1] or ""))[:20]
    assert found["count"] == len(expected)
    assert found["description"] == INVARIANTS[name].description
    assert all(offender["problem"] for offender in found["offenders"])


def test_a_problem_tells_what_is_wrong(broken: Broken) -> None:
    sums = {offender["problem"] for offender in broken.told["used_is_sum"]["offenders"]}
    missing = {offender["problem"] for offender in broken.told["guards_stand"]["offenders"]}

    assert sums == {"used 3, but its entries come to 0", "used 1, but its entries come to 2"}
    names = {name for _, name in DROPPED + UNINDEXED + SWITCHED_OFF}
    assert missing == {f"{name} is missing, not valid or switched off" for name in names}


def test_people_read_a_line_for_each_row_and_how_many_more_there_are(broken: Broken) -> None:
    report = zorbit(broken.url, "doctor")

    lines = report.out.splitlines()
    assert report.code == 1
    assert SECRET not in report.out
    begin = lines.index("BROKEN  one_opinion, by 23: A post isn't both liked and disliked.")
    first = min(str(id) for _, id in broken.expected["one_opinion"])
    assert lines[begin + 1] == f"        Post {first}: liked and disliked"
    assert lines[begin + 21] == "        and 3 more"
    assert lines[-1] == f"{len(INVARIANTS)} of {len(INVARIANTS)} invariants are broken"


def test_a_foreign_key_whose_triggers_are_off_does_not_guard(copy: Callable[[str], str]) -> None:
    url = copy("unguarded")
    # What a restore with --disable-triggers does, and undoes when it comes to its end.
    execute(url, 'ALTER TABLE "Thread" DISABLE TRIGGER ALL')

    report = zorbit(url, "doctor")

    assert report.code == 1
    named = [line for line in report.out.splitlines() if line.startswith("        ")]
    assert named == [
        f"        {guard} is missing, not valid or switched off"
        for guard in (
            "ChatMessage: fk_ChatMessage_userId_threadId",
            "Thread: fk_Thread_userId",
            "Thread: zorbit_stamp_deletion",
        )
    ]
    assert report.out.splitlines()[-1] == f"1 of {len(INVARIANTS)} invariants are broken"


def test_the_demo_breaks_nothing(copy: Callable[[str], str]) -> None:
    url = copy("demo")
    demo.fill(url, users=9)

    report = zorbit(url, "doctor")

    assert report.out.splitlines() == [
        *(f"ok      {name}" for name in INVARIANTS),
        f"{len(INVARIANTS)} invariants hold",
    ]
    assert report.code == 0
    refunds = fetch(url, 'SELECT count(*), count("refundOfId") FROM "UsageLog" WHERE amount < 0')
    assert refunds[0][0] == refunds[0][1] > 0


def test_an_empty_database_breaks_nothing(database_url: str) -> None:
    report = zorbit(database_url, "doctor", "--json")

    assert report.code == 0
    found = json.loads(report.out)["invariants"]
    assert [(one["name"], one["count"], one["offenders"]) for one in found] == [
        (name, 0, []) for name in INVARIANTS
    ]


def test_whatever_guards_a_table_is_looked_at(database_url: str) -> None:
    tables = [f'"{table}"' for table in PLAIN]
    constraints = fetch(
        database_url,
        """SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
           WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conrelid = ANY (%s::regclass[])""",
        tables,
    )
    indexes = fetch(
        database_url,
        """SELECT t.relname, i.relname FROM pg_index JOIN pg_class t ON t.oid = indrelid
           JOIN pg_class i ON i.oid = indexrelid WHERE indisunique AND indrelid = ANY (%s::regclass[])""",
        tables,
    )
    triggers = fetch(
        database_url,
        """SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
           WHERE NOT tgisinternal""",
    )

    assert set(guards.TRIGGERS) == set(triggers)
    assert set(guards.constraints()) == {*constraints, *indexes}


@pytest.mark.parametrize("trouble", ["unreachable", "behind"])
def test_who_could_not_look_says_so_and_ends_with_another_code(
    copy: Callable[[str], str], trouble: str
) -> None:
    url = "postgresql://zorbit@127.0.0.1:1/zorbit"
    if trouble == "behind":
        url = copy("behind")
        execute(url, "UPDATE alembic_version SET version_num = '0003'")

    report = zorbit(url, "doctor")

    assert (report.code, report.out) == (2, "")
    told = {"unreachable": "zorbit: cannot reach the database", "behind": "zorbit: the database's schema is"}
    assert report.err.startswith(told[trouble])


def test_a_table_that_is_locked_away_is_told_in_a_line(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZORBIT_LOCK_TIMEOUT", "0.1")
    engine = sa.create_engine(db.driver_url(database_url), poolclass=sa.NullPool)
    with engine.connect() as migration:
        migration.execute(sa.text('LOCK TABLE "Post" IN ACCESS EXCLUSIVE MODE'))

        report = zorbit(database_url, "doctor")

    assert (report.code, report.out) == (2, "")
    assert "lock timeout" in report.err


def test_a_database_that_goes_away_meanwhile_is_told_in_a_line(database_url: str) -> None:
    def end_whoever_waits() -> None:
        statement = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'"""
        assert any(fetch(database_url, statement) for _ in range(2000))

    engine = sa.create_engine(db.driver_url(database_url), poolclass=sa.NullPool)
    with engine.connect() as migration, ThreadPoolExecutor(1) as beside:
        migration.execute(sa.text('LOCK TABLE "Post" IN ACCESS EXCLUSIVE MODE'))
        ending = beside.submit(end_whoever_waits)

        report = zorbit(database_url, "doctor")
        ending.result(timeout=10)

    assert (report.code, report.out) == (2, "")
    assert report.err.startswith("zorbit: the database went away: terminating connection")


async def test_a_survey_sees_one_instant_and_writes_nothing(database_url: str, settings: Settings) -> None:
    database = db.connect(database_url, settings)
    users = sa.text('SELECT count(*) FROM "User"')
    try:
        async with database.survey() as session:
            before = await session.scalar(users)
            execute(
                database_url, """INSERT INTO "User" (id, email) VALUES (gen_random_uuid(), 'ada@x.org')"""
            )
            assert (before, await session.scalar(users)) == (0, 0)
            with pytest.raises(sa.exc.InternalError, match="read-only transaction"):
                await session.execute(sa.text('DELETE FROM "User"'))
            await session.rollback()
    finally:
        await database.close()

    assert fetch(database_url, 'SELECT count(*) FROM "User"') == [(1,)]

"""One idempotency key, sent by many at once: one effect, and the same answer for all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.conftest import Client
from tests.rows import fetch, insert
from tests.writing.changes import ERRORS, faults
from tests.writing.idempotency.keys import CREATE, KEY, REUSED, count, create, keys, send
from tests.writing.quotas.accounts import at_once
from tests.writing.waiting import until_waiting
from zorbit import app
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings

CALLERS = 20

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways


@pytest.fixture(scope="module")
async def crowded(worker_database: str, settings: Settings, data_dir: Path) -> AsyncIterator[Client]:
    """A caller of a server that has a connection for each of twenty requests."""
    application = app.create(
        settings.model_copy(update={"pool_size": CALLERS, "lock_timeout": 30}), worker_database
    )
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application), base_url="http://127.0.0.1"
        ) as http,
    ):
        yield Client(http, LocalIssuer.open(data_dir))


async def test_of_twenty_at_once_one_has_the_effect_and_all_have_the_answer(
    crowded: Client, database_url: str, subscriber: UUID
) -> None:
    answers = await at_once(create(crowded, subscriber, title="One") for _ in range(CALLERS))

    assert answers[0]["userErrors"] == []
    assert answers == [answers[0]] * CALLERS
    assert fetch(database_url, 'SELECT id FROM "Post"') == [(UUID(answers[0]["post"]["id"]),)]
    assert keys(database_url) == [(subscriber, "createPost", KEY)]


async def test_of_twenty_at_once_that_spend_one_pays(
    crowded: Client, database_url: str, subscriber: UUID
) -> None:
    ask = f"""createPersona(idempotencyKey: "{KEY}", input: {{name: "Ada", defaultPrompt: "Write."}})
              {{ persona {{ id }} quota {{ used }} {ERRORS} }}"""

    answers = await at_once(send(crowded, subscriber, ask) for _ in range(CALLERS))

    (persona,) = fetch(database_url, 'SELECT id FROM "Persona"')
    assert answers == [{"persona": {"id": str(persona[0])}, "quota": {"used": 1}, "userErrors": []}] * CALLERS
    assert fetch(database_url, 'SELECT amount, "subjectId" FROM "UsageLog"') == [(1, persona[0])]


async def test_of_twenty_at_once_with_other_arguments_one_has_the_effect(
    crowded: Client, database_url: str, subscriber: UUID
) -> None:
    titles = [str(number) for number in range(CALLERS)]

    answers = await at_once(create(crowded, subscriber, title=title) for title in titles)

    (made,) = [answer for answer in answers if answer["post"]]
    assert fetch(database_url, 'SELECT title FROM "Post"') == [(made["post"]["title"],)]
    assert [faults(answer) for answer in answers if answer is not made] == [REUSED] * (CALLERS - 1)


@contextmanager
def held(url: str, user: UUID) -> Iterator[int]:
    """The user, held by another process: whoever writes has claimed the key, and waits. That process's id."""
    with psycopg.connect(url) as connection:
        connection.execute('SELECT 1 FROM "User" WHERE id = %s FOR NO KEY UPDATE', [user])
        yield connection.info.backend_pid
        connection.rollback()


CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"


@pytest.mark.parametrize("title", ["One", "Two"])
async def test_who_waits_for_a_first_that_fails_has_the_effect_itself(
    crowded: Client, database_url: str, subscriber: UUID, title: str
) -> None:
    given = {"input": {"content": "Once", "title": "One"}, "key": KEY}
    async with asyncio.TaskGroup() as tasks:
        with held(database_url, subscriber) as holder:
            first = tasks.create_task(crowded.run(CREATE, given, by=subscriber))
            await until_waiting(database_url, 1)
            second = tasks.create_task(create(crowded, subscriber, title=title))
            await until_waiting(database_url, 2)
            assert fetch(database_url, CANCEL, holder) == [(True,)]
            failed = await first
        made = await second

    assert [error["extensions"]["code"] for error in failed["errors"]] == ["SERVICE_UNAVAILABLE"]
    assert made["userErrors"] == []
    assert fetch(database_url, 'SELECT id, title FROM "Post"') == [(UUID(made["post"]["id"]), title)]
    assert await create(crowded, subscriber, title=title) == made


async def test_who_waits_for_a_first_that_is_refused_is_judged_by_itself(
    crowded: Client, database_url: str, subscriber: UUID
) -> None:
    persona = insert(database_url, "Persona", userId=subscriber, isDeleted=True)
    async with asyncio.TaskGroup() as tasks:
        with held(database_url, subscriber):
            both = []
            for number in (1, 2):
                both.append(tasks.create_task(create(crowded, subscriber, personaId=str(persona))))
                await until_waiting(database_url, number)

    for payload in [task.result() for task in both]:
        assert faults(payload) == [("NOT_FOUND", "input.personaId")]
    assert (count(database_url, "Post"), keys(database_url)) == (0, [])

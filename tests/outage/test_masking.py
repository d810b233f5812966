"""What goes wrong inside is told to no client, and what clients write to no log."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from tests import rows
from tests.auth import claims, token
from tests.conftest import recreate, renamed
from tests.faulty import FAULTS, HARMLESS, SECRET
from tests.outage import end_sessions
from tests.outage.breakages import (
    ALTERED,
    FAULT,
    RAISED,
    SHALLOW,
    TOUCHED,
    UNAVAILABLE,
    UNDELETABLE,
    UNWATCHED,
    WATCHED,
    raising,
    touching,
)
from tests.outage.masked import EMAIL, INSIDE, Faulty
from tests.serving import Server, data_directory, own_database, wait_until, zorbit
from zorbit import embedded, migrations

ROLE, PASSWORD = "geheim_role", "geheim-password"
"""By which the server reaches its database."""
NO_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
RAISE = "query ($kind: String!, $text: String!) { fault(kind: $kind, text: $text) }"


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[str]:
    """A PostgreSQL of its own, which asks one role for its password."""
    with data_directory() as home, embedded.running(home, fsync=False) as url:
        access = home / "postgres/data/pg_hba.conf"
        access.write_text(f"local all {ROLE} scram-sha-256\n{access.read_text()}")
        rows.execute(url, f"CREATE ROLE {ROLE} SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
        rows.execute(url, "SELECT pg_reload_conf()")
        yield url


@pytest.fixture(scope="module")
def broken(own_postgres: str) -> Iterator[str]:
    """A database of its own, to be broken."""
    recreate(own_postgres, "broken")
    url = renamed(own_postgres, "broken")
    migrations.migrate(url, say=lambda _line: None)
    with rows.kept(url):
        rows.execute(url, SHALLOW)
        yield url


@pytest.fixture(scope="module")
async def faulty(broken: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Faulty]:
    """A server in a process of its own, which writes its log as every server does."""
    home: Path = tmp_path_factory.mktemp("faulty")
    user = rows.insert(broken, "User", email=EMAIL)
    post = rows.insert(broken, "Post", userId=user, content=SECRET)
    reached = make_url(broken).set(username=ROLE, password=PASSWORD).render_as_string(hide_password=False)
    variables = own_database(reached, home) | {
        "STATEMENT_TIMEOUT": "0.3",
        "PERIODIC_SECONDS": "0.2",
        "LOG_LEVEL": "debug",
        "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
    }
    signed = token(claims(sub=str(user)))
    headers = {"authorization": f"Bearer {signed}"}
    with Server(home, program="tests.faulty", **variables) as server:
        server.wait_until_ready()
        async with httpx.AsyncClient(base_url=server.address, headers=headers, timeout=8) as http:
            yield Faulty(server, broken, http, signed, str(post))


async def test_what_the_database_says_is_told_nobody(faulty: Faulty) -> None:
    assert await faulty.touch() == [None] * 4

    for breaking, mending in ALTERED:
        rows.execute(faulty.url, breaking)
        assert FAULT in await faulty.touch(), breaking
        rows.execute(faulty.url, mending)
        assert await faulty.touch() == [None] * 4
    rows.execute(faulty.url, WATCHED)
    for act, code in TOUCHED + [(raising(state), code) for state, code in RAISED]:
        rows.execute(faulty.url, touching(act))
        assert await faulty.touch() == [code] * 4, act
    rows.execute(faulty.url, UNWATCHED)

    assert await faulty.touch() == [None] * 4
    faulty.assert_discreet()


async def test_a_password_that_holds_no_more_is_told_nobody(faulty: Faulty) -> None:
    assert await faulty.touch() == [None] * 4

    rows.execute(faulty.url, f"ALTER ROLE {ROLE} PASSWORD 'another'")
    end_sessions(faulty.url)
    assert await faulty.touch() == [UNAVAILABLE] * 4
    ready = await faulty.http.get("/readyz")
    rows.execute(faulty.url, f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")

    assert ready.status_code == 503
    assert [word for word in (*INSIDE, "geheim", "password") if word in ready.text] == []
    assert await faulty.touch() == [None] * 4
    faulty.assert_discreet()


async def test_a_database_that_lets_nobody_in_tells_nobody_why(faulty: Faulty, own_postgres: str) -> None:
    alter = f'ALTER DATABASE "{make_url(faulty.url).database}" ALLOW_CONNECTIONS '
    assert await faulty.touch() == [None] * 4

    rows.execute(own_postgres, alter + "false")
    end_sessions(faulty.url)
    assert await faulty.touch() == [UNAVAILABLE] * 4
    rows.execute(own_postgres, alter + "true")

    assert await faulty.touch() == [None] * 4
    faulty.assert_discreet()


async def test_what_a_resolver_or_a_loader_says_is_told_nobody(faulty: Faulty) -> None:
    for kind in FAULTS:
        assert await faulty.ask(RAISE, kind=kind, text=SECRET) == FAULT, kind
    assert await faulty.ask(RAISE, kind=HARMLESS, text=SECRET) is None

    outside = [line["exception"] for line in faulty.lines() if line["event"] == "fault outside a request"]
    assert sum(text.endswith("\nValueError") for text in outside) == 2
    faulty.assert_discreet()


async def test_what_a_route_says_is_told_nobody(faulty: Faulty) -> None:
    answer = await faulty.http.get("/broken")
    with pytest.raises(httpx.RemoteProtocolError):
        await faulty.http.get("/breaking")

    [error] = answer.json()["errors"]
    request_id = answer.headers["x-request-id"]
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    assert error == {
        "message": "internal server error",
        "extensions": {"code": FAULT, "requestId": request_id},
    }
    faults = [line for line in faulty.lines() if line.get("exception", "").endswith("\nKeyError")]
    assert [line["event"] for line in faults[-2:]] == ["fault", "fault"]
    assert faults[-2]["request_id"] == request_id
    faulty.assert_discreet()


async def test_what_is_sent_is_not_logged(faulty: Faulty) -> None:
    headers = {
        "apollo-require-preflight": "true",
        "referer": f"http://127.0.0.1/{SECRET}",
        "user-agent": EMAIL,
    }
    asked = {"query": f'{{ viewer {{ posts(search: "{SECRET}") {{ totalCount }} }} }}', "token": faulty.token}

    answers = [
        await faulty.http.get("/graphql", params=asked, headers=headers),
        await faulty.http.get("/graphql", params={"query": SECRET}, headers=headers),
        await faulty.http.get(f"/{EMAIL}", headers={"authorization": SECRET}),
        await faulty.http.get(f"/graphiql/{SECRET}"),
        await faulty.http.post(f"/graphiql/{SECRET}"),
        await faulty.http.options(f"/{SECRET}"),
        await faulty.http.get(f"/graphql/{faulty.token}"),
        await faulty.http.get("/healthz", params=asked),
        await faulty.http.post("/graphql", content=f'{{"query": "{SECRET}'),
        await faulty.http.post("/graphql", json={"query": EMAIL, "variables": {"email": EMAIL}}),
        await faulty.http.post(
            "/graphql", json={"query": "{ viewer { id } }"}, headers={"authorization": EMAIL}
        ),
    ]

    assert [answer.status_code for answer in answers] == [
        200,
        200,
        404,
        404,
        405,
        404,
        404,
        200,
        415,
        200,
        401,
    ]
    faulty.assert_discreet()


async def test_what_is_no_request_is_refused_in_json_and_not_logged(faulty: Faulty) -> None:
    for sent in (
        f"{SECRET}\r\n\r\n",
        f"GET / HTTP/9.9\r\n{SECRET}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{SECRET}\x01: 1\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", faulty.server.port)
        writer.write(sent.encode())
        assert (await reader.read()).startswith(NO_REQUEST)
        writer.close()

    faulty.assert_discreet()


async def test_what_fails_outside_of_requests_is_logged_without_its_rows(faulty: Faulty) -> None:
    odd = """ALTER TABLE "Subscription" ADD CONSTRAINT odd CHECK (status <> 'expired') NOT VALID"""
    rows.execute(faulty.url, odd)
    user, plan = rows.insert(faulty.url, "User"), rows.insert(faulty.url, "Plan")
    values = {"status": "canceled", "endDate": rows.NOW, "dodoSubscriptionId": SECRET}
    rows.insert(faulty.url, "Subscription", userId=user, planId=plan, **values)

    wait_until(lambda: any(line["event"] == "subscription left as it is" for line in faulty.lines()))
    failures = 'zorbit_operations_total{kind="task",operation="(periodic)",outcome="fault"}'
    wait_until(lambda: failures in faulty.server.get("/metrics").text)
    faulty.assert_discreet()

    def is_told_by_hand() -> bool:
        ended = zorbit("periodic", DATABASE_URL=faulty.url)
        assert "Failing row" not in ended.stderr + ended.stdout
        return '"event":"subscription left as it is"' in ended.stderr

    wait_until(is_told_by_hand)  # what the server has in hand just now is left to it


def test_what_fails_under_a_command_is_told_without_its_rows(faulty: Faulty) -> None:
    rows.execute(faulty.url, UNDELETABLE)
    gone = {"isDeleted": True, "deletedAt": rows.NOW - timedelta(days=2)}
    rows.insert(faulty.url, "Comment", userId=rows.insert(faulty.url, "User"), quote=SECRET, **gone)

    ended = zorbit("purge", "--older-than", "1d", DATABASE_URL=faulty.url)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "psycopg.errors.CheckViolation: 23514: oddly" in ended.stderr
    assert SECRET not in ended.stderr

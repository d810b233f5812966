"""What a caller may ask for in a while, in points, over HTTP."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests import rows
from tests.conftest import started
from tests.serving import Server, data_directory_in_use, fill
from zorbit import app
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings
from zorbit.rates import NEW_TEXT, STATEMENT, TOKEN, UNKNOWN_TOKEN

BURST = 100_000
VIEWER = 12  # the request, an object and a value
JSON = {"content-type": "application/json"}
LONG = "{ viewer { posts(first: 100) { nodes { id content user { id } } } } }"

Serve = Callable[..., AbstractAsyncContextManager[Callable[..., httpx.AsyncClient]]]


@pytest.fixture
def issuer(data_dir: Path) -> LocalIssuer:
    return LocalIssuer.open(data_dir)


@pytest.fixture(params=[True, False], ids=["plans", "resolvers"])
def serve(request: pytest.FixtureRequest, data_dir: Path, database_url: str, issuer: LocalIssuer) -> Serve:
    """Starts a server whose buckets hold BURST points and hardly fill; gives callers of it."""

    @asynccontextmanager
    async def start() -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
        settings = Settings(
            data_dir=data_dir,
            periodic_seconds=0,
            compiled_reads=request.param,
            limit_cost=BURST,
            rate=1e-3,
            rate_burst=BURST,
        )
        async with started(app.create(settings, database_url)) as application:

            def caller(user: UUID | None = None, address: str = "192.0.2.1") -> httpx.AsyncClient:
                transport = httpx.ASGITransport(application, client=(address, 1234))
                headers = {} if user is None else {"Authorization": f"Bearer {token(issuer, user)}"}
                return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)

            yield caller

    return start


def token(issuer: LocalIssuer, user: UUID) -> str:
    return issuer.sign(str(user), timedelta(hours=1))


async def ask(caller: httpx.AsyncClient, query: str) -> httpx.Response:
    return await caller.post("/graphql", json={"query": query})


def new_text(number: int) -> str:
    return f"{{ viewer {{ a{number}: id }} }}"


def left(response: httpx.Response) -> int:
    policy, state = response.headers["ratelimit-policy"], response.headers["ratelimit"]
    assert policy == f'"points";q={BURST};w={1000 * BURST}'
    _, points, _ = state.split(";")
    return int(points.removeprefix("r="))


async def test_an_operation_takes_its_cost_and_a_new_text_more(serve: Serve, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    async with serve() as caller, caller(user) as ada:
        found = [left(await ask(ada, new_text(0))) for _ in range(3)]

    assert found == [BURST - NEW_TEXT - times * VIEWER for times in (1, 2, 3)]


async def test_beyond_the_bucket_is_429_until_there_is_enough_and_others_go_on(
    serve: Serve, database_url: str
) -> None:
    user, other = rows.insert(database_url, "User"), rows.insert(database_url, "User")
    async with serve() as caller, caller(user) as ada, caller(other) as bob:
        answers = [await ask(ada, new_text(number)) for number in range(10)]
        refused, known, others = answers[-1], await ask(ada, new_text(0)), await ask(bob, new_text(0))

    assert [answer.status_code for answer in answers] == [200] * 9 + [429]
    assert known.status_code == others.status_code == 200
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    points = BURST - 9 * (NEW_TEXT + VIEWER) - 1
    missing = NEW_TEXT - points
    assert missing * 1000 - 60 <= int(refused.headers["retry-after"]) <= missing * 1000
    assert left(refused) == points


async def test_pages_that_are_shorter_than_asked_for_are_not_paid_for(
    serve: Serve, database_url: str
) -> None:
    user = rows.insert(database_url, "User")
    content = {"query": LONG, "extensions": {"cost": True}}
    async with serve() as caller, caller(user) as ada:
        answers = [await ada.post("/graphql", json=content) for _ in range(3)]

    assert answers[0].json()["extensions"]["cost"]["requested"] > 2_000
    assert left(answers[0]) > BURST - NEW_TEXT - 100
    assert left(answers[0]) - left(answers[2]) < 100


async def test_of_a_long_new_text_each_token_is_paid_for(serve: Serve, database_url: str) -> None:
    def text(variables: int) -> str:
        return f"query ({' '.join(f'$a{number}: ID' for number in range(variables))}) {{ viewer {{ id }} }}"

    user = rows.insert(database_url, "User")
    async with serve() as caller, caller(user) as ada:
        found = [left(await ask(ada, text(variables))) for variables in (1, 100, 150, 150)]

    long, longer, known = (before - after for before, after in itertools.pairwise(found))
    assert long > NEW_TEXT + TOKEN * 100
    assert longer == long + TOKEN * 50 * len(["$", "a", ":", "ID"])
    assert known == 1


async def test_what_a_request_is_the_first_to_need_is_paid_for(serve: Serve, database_url: str) -> None:
    user, told = rows.insert(database_url, "User"), {"compiled": True}
    query = "query ($n: Int!) { viewer { posts(first: $n) { nodes { id } } } }"
    async with serve() as caller, caller(user) as ada:
        answers = [
            await ada.post("/graphql", json={"query": query, "variables": {"n": size}, "extensions": told})
            for size in (2, 2, 2, 3, 3)
        ]

    after = [left(answer) for answer in answers]
    again, new, new_again = (after[1] - after[2], after[2] - after[3], after[3] - after[4])
    assert new_again == again
    assert new == again + STATEMENT * answers[0].json()["extensions"]["compiled"]


async def test_what_is_no_operation_costs_a_point_too(serve: Serve, database_url: str) -> None:
    user = rows.insert(database_url, "User")
    async with serve() as caller, caller(user) as ada:
        before = left(await ask(ada, new_text(0)))
        for content in (b"", b"{}", b"[]"):
            assert (await ada.post("/graphql", content=content)).status_code in {400, 415}
        after = left(await ask(ada, new_text(0)))

    assert before - after == 3 + VIEWER


async def test_a_large_body_is_paid_for_before_it_is_read(serve: Serve, database_url: str) -> None:
    user, size = rows.insert(database_url, "User"), 1_000_000
    async with serve() as caller, caller(user) as ada:
        before = left(await ask(ada, new_text(0)))
        found = [await ada.post("/graphql", content=b"1" * size, headers=JSON) for _ in range(3)]
        after = left(await ask(ada, new_text(0)))

    assert [one.status_code for one in found] == [400, 400, 429]
    assert before - after == 2 * (size // 32) + 1 + VIEWER


@pytest.mark.parametrize("query", ["{", "{ nothing }", f"{{ {'viewer { id } ' * 150} }}"])
async def test_what_is_refused_costs_a_point(serve: Serve, database_url: str, query: str) -> None:
    user = rows.insert(database_url, "User")
    async with serve() as caller, caller(user) as ada:
        found = [left(await ask(ada, query)) for _ in range(3)]

    assert [found[0] - found[1], found[1] - found[2]] == [1, 1]


async def test_callers_without_a_token_share_their_addresss_bucket(serve: Serve) -> None:
    async with serve() as caller, caller() as one, caller(address="198.51.100.1") as other:
        mine = [(await ask(one, new_text(number))).status_code for number in range(10)]
        theirs = (await ask(other, new_text(0))).status_code

    assert (mine, theirs) == ([200] * 9 + [429], 200)


@pytest.mark.parametrize(
    ("others", "are_one"), [("2001:db8::2:1", True), ("2001:db8:0:1::1", False)], ids=["site", "other site"]
)
async def test_addresses_of_one_site_are_one(serve: Serve, others: str, are_one: bool) -> None:
    async with serve() as caller, caller(address="2001:db8::1") as one, caller(address=others) as other:
        for number in range(9):
            await ask(one, new_text(number))
        status = (await ask(other, new_text(9))).status_code

    assert status == (429 if are_one else 200)


async def test_bad_tokens_are_limited_by_address_before_they_are_looked_at(
    serve: Serve, database_url: str, issuer: LocalIssuer
) -> None:
    user, other = rows.insert(database_url, "User"), rows.insert(database_url, "User")
    bad = token(issuer, user)[:-8] + "AAAAAAAA"
    async with serve() as caller, caller() as one, caller(user) as ada, caller(other, "198.51.100.1") as away:
        before = await ask(ada, new_text(0))
        answers = [
            await one.post("/graphql", json={"query": "{"}, headers={"Authorization": f"Bearer {bad}"})
            for _ in range(BURST // UNKNOWN_TOKEN + 1)
        ]
        known, elsewhere = await ask(ada, new_text(0)), await ask(away, new_text(0))

    assert before.status_code == 200
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert (known.status_code, elsewhere.status_code) == (200, 200)


async def test_good_tokens_cost_an_address_next_to_nothing(
    serve: Serve, database_url: str, issuer: LocalIssuer
) -> None:
    users = [rows.insert(database_url, "User") for _ in range(15)]
    async with serve() as caller, caller() as one:
        answers = [
            await one.post(
                "/graphql",
                json={"query": new_text(0)},
                headers={"Authorization": f"Bearer {token(issuer, user)}"},
            )
            for user in users
        ]

    assert {answer.status_code for answer in answers} == {200}


def test_the_workers_of_a_host_take_from_one_bucket() -> None:
    with data_directory_in_use() as home:
        limits = {"RATE": "0.001", "RATE_BURST": str(BURST), "LIMIT_COST": str(BURST)}
        with Server(home, WORKERS="2", **limits) as server:
            server.wait_until_ready()
            bearer = token(LocalIssuer.open(home), fill(home, "cleo@example.com"))
            url, headers = f"http://127.0.0.1:{server.port}/graphql", {"Authorization": f"Bearer {bearer}"}
            answers = [
                httpx.post(url, json={"query": new_text(number)}, headers=headers, verify=False)
                for number in range(30)
            ]

            assert sorted(answer.status_code for answer in answers) == [200] * 9 + [429] * 21
            assert len(server.workers()) == 2

"""Traces, as a collector receives them when the server has stopped."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from tests.observing import SECRET
from tests.observing.collector import Collector
from tests.observing.conftest import Serve
from tests.rows import insert

POSTS = "query Posts { viewer { name posts { nodes { title persona { name } } totalCount } } }"
TITLES = "{ viewer { posts { nodes { title } } } }"
CREATE = "mutation Create($input: CreatePostInput!) { createPost(input: $input) { userErrors { code } } }"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def test_a_query_is_traced_from_its_request_to_its_statements(
    serve: Serve, collector: Collector, user: UUID
) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=1) as client:
        await client.data(POSTS, by=user)
        await client.data(POSTS, by=user)

    first, again = collector.tree()
    statements = ["SELECT User", "SELECT Post", "SELECT Post"]
    assert first == ("POST /graphql", ["parse", "SELECT User", "plan", ("run", ["connect", *statements])])
    assert again == ("POST /graphql", [("run", statements)])
    request = collector.named("POST /graphql")[1]
    assert request.attributes.pop("zorbit.request_id")
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "graphql.operation.type": "query",
        "graphql.operation.name": "Posts",
        "zorbit.outcome": "ok",
        "zorbit.cost": 511,
        "zorbit.statements": 3,
        "zorbit.answered_by": "compiled",
    }
    assert collector.named("SELECT Post")[0].attributes == {
        "db.system.name": "postgresql",
        "db.operation.name": "SELECT",
        "db.collection.name": "Post",
        "db.query.summary": "SELECT Post",
    }


async def test_what_the_resolvers_do_is_traced_alike(serve: Serve, collector: Collector, user: UUID) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=1, compiled_reads=False) as client:
        await client.data(POSTS, by=user)

    statements = ["SELECT User", "SELECT Post", "SELECT Post"]
    assert collector.tree() == [("POST /graphql", ["parse", "SELECT User", ("resolve", statements)])]
    assert collector.named("POST /graphql")[0].attributes["zorbit.statements"] == 4


@pytest.mark.parametrize(("wrong", "ending"), [({}, "COMMIT"), ({"personaId": SECRET}, "ROLLBACK")])
async def test_a_change_is_traced_with_its_transaction(
    serve: Serve, collector: Collector, user: UUID, wrong: dict[str, str], ending: str
) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=1) as client:
        await client.data("{ viewer { id } }", by=user)
        await client.run(CREATE, {"input": {"content": SECRET} | wrong}, by=user)

    name, (*_, (resolving, statements)) = collector.tree()[-1]
    assert (name, resolving) == ("POST /graphql", "resolve")
    assert (statements[0], statements[-1]) == ("BEGIN", ending)
    assert ("INSERT Post" in statements) is (ending == "COMMIT")
    sent = [one for one in collector.spans if one.trace == collector.spans[-1].trace and one.attributes]
    request = collector.named("POST /graphql")[-1]
    assert request.attributes["zorbit.statements"] == sum("db.system.name" in one.attributes for one in sent)
    (ended,) = collector.named(ending)
    assert ended.ended < request.ended


async def test_a_span_lies_within_its_parent(serve: Serve, collector: Collector, user: UUID) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=1) as client:
        await client.data(POSTS, by=user)
        await client.data(CREATE, {"input": {"content": SECRET}}, by=user)

    by_id = {one.id: one for one in collector.spans}
    pairs = [(by_id[one.parent], one) for one in collector.spans if one.parent]
    assert len(pairs) == len(by_id) - 2
    assert all(outer.began <= one.began <= one.ended <= outer.ended for outer, one in pairs)
    assert all(outer.trace == one.trace for outer, one in pairs)
    assert len({one.trace for one in collector.spans}) == 2


async def test_what_is_not_sampled_makes_no_spans(serve: Serve, collector: Collector, user: UUID) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=0) as client:
        await client.data(POSTS, by=user)

    assert collector.bodies == []


async def test_without_a_collector_nothing_is_traced(serve: Serve, collector: Collector, user: UUID) -> None:
    async with serve(traces_ratio=1) as client:
        await client.post(POSTS, authorization=f"Bearer {client.token(user)}", traceparent=parent("01"))

    assert collector.bodies == []


@pytest.mark.parametrize(
    ("ratio", "sent", "traces"),
    [
        (0, f"00-{TRACE}-{SPAN}-01", [TRACE]),
        (1, f"00-{TRACE}-{SPAN}-00", []),
        (0, f"00-{TRACE}-{SPAN}", []),
        (0, f"00-{'0' * 32}-{SPAN}-01", []),
        (0, "x" * 5000, []),
    ],
    ids=["traced", "not traced", "cut off", "of no trace", "nonsense"],
)
async def test_a_caller_decides_whether_their_trace_goes_on(
    serve: Serve, collector: Collector, user: UUID, ratio: float, sent: str, traces: list[str]
) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=ratio) as client:
        answer = await client.post(POSTS, authorization=f"Bearer {client.token(user)}", traceparent=sent)

    assert answer.status_code == 200
    requests = collector.named("POST /graphql")
    assert [(one.trace, one.parent) for one in requests] == [(trace, SPAN) for trace in traces]


async def test_strangers_do_not_decide_where_the_operator_says_so(
    serve: Serve, collector: Collector, user: UUID
) -> None:
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=1, traces_parents=False) as client:
        await client.post(POSTS, authorization=f"Bearer {client.token(user)}", traceparent=parent("00"))

    (request,) = collector.named("POST /graphql")
    assert request.trace != TRACE
    assert request.parent == ""


async def test_spans_hold_nothing_that_callers_wrote_but_names_of_operations(
    serve: Serve,
    collector: Collector,
    user: UUID,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    insert(database_url, "Post", userId=user, title=SECRET, content=SECRET)
    filtered = (
        f'{{ viewer {{ {SECRET}: posts(where: {{title: {{eq: "{SECRET}"}}}}) {{ nodes {{ id }} }} }} }}'
    )
    searched = "query ($words: String!) { viewer { email posts(search: $words) { nodes { content } } } }"
    token = ""
    for compiled_reads in (True, False):
        async with serve(
            traces_endpoint=collector.endpoint, traces_ratio=1, compiled_reads=compiled_reads
        ) as client:
            await client.data(filtered, by=user)
            await client.data(searched, {"words": SECRET}, by=user)
            await client.data(CREATE, {"input": {"title": SECRET, "content": SECRET}}, by=user)
            await client.run(CREATE, {"input": {"content": SECRET, "personaId": SECRET}}, by=user)
            await client.run(f"{{ {SECRET} }}", by=user)
            await client.post(POSTS, authorization=f"Bearer {SECRET}.{SECRET}.{SECRET}")
            for state in (f"{SECRET}=1", SECRET, f"{SECRET},{SECRET}"):
                await client.post(POSTS, traceparent=parent("01"), tracestate=state)
            token = client.token(user)

    assert len(collector.named("POST /graphql")) == 18
    assert SECRET not in caplog.text
    assert {"SELECT Post", "INSERT Post"} < {one.name for one in collector.spans}
    for body in collector.bodies:
        assert SECRET.encode() not in body
        assert str(user).encode() not in body
        assert token.encode() not in body


@pytest.mark.parametrize("compiled_reads", [True, False], ids=["by plans", "by resolvers"])
async def test_a_statement_that_fails_is_marked(
    serve: Serve, collector: Collector, user: UUID, database_url: str, compiled_reads: bool
) -> None:
    settings = {"compiled_reads": compiled_reads, "statement_timeout": 0.2, "lock_timeout": 0.1}
    async with serve(traces_endpoint=collector.endpoint, traces_ratio=1, **settings) as client:
        await client.data("{ viewer { id } }", by=user)
        with psycopg.connect(database_url) as holder:
            await asyncio.to_thread(holder.execute, 'LOCK TABLE "Post"')
            await client.post(TITLES, authorization=f"Bearer {client.token(user)}")

    failed = [one for one in collector.spans if one.is_error and "db.system.name" in one.attributes]
    assert {(one.name, one.attributes["error.type"]) for one in failed} == {
        ("SELECT Post", "LockNotAvailable")
    }
    request = collector.named("POST /graphql")[-1]
    assert request.attributes["zorbit.outcome"] == "unavailable"
    assert request.attributes["error.type"] == "SERVICE_UNAVAILABLE"


async def test_a_collector_that_is_away_stops_nobody(serve: Serve, user: UUID) -> None:
    async with serve(traces_endpoint="http://127.0.0.1:9/v1/traces", traces_ratio=1) as client:
        assert (await client.data(POSTS, by=user))["viewer"]["posts"]["totalCount"] == 0


def parent(flags: str) -> str:
    return f"00-{TRACE}-{SPAN}-{flags}"

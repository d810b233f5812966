"""How many statements a compiled plan sends, in how many round trips: by its levels, never by its rows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import Client
from tests.reading.conftest import sweep
from tests.reading.twins import Twins
from tests.schema.lists import LISTS, NODES, ROOT, TO_ONE, Edge
from tests.schema.statements import FIVE_LEVELS, counted
from tests.schema.workspace import ROWS, Workspace, fill
from zorbit.engine import wire
from zorbit.engine.wire import Statement

pytestmark = pytest.mark.untraced  # to trace them takes half as long again; others go the same ways

CALLER, PROBE = 1, 1
PAGE = "edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor }"


@dataclass
class Sent:
    """What was sent within a block."""

    round_trips: list[int] = field(default_factory=list)
    """How many statements of plans went in each."""
    resolved: list[str] = field(default_factory=list)
    """The resolvers' statements."""
    rows: int = 0
    """How many PostgreSQL gave for plans."""

    @property
    def statements(self) -> int:
        """Those of plans."""
        return sum(self.round_trips)


@contextmanager
def sent() -> Iterator[Sent]:
    """Counts what is sent to PostgreSQL, by plans and by resolvers."""
    found, run = Sent(), wire.Connection.run

    async def noted(connection: wire.Connection, asked: wire.Batch, patience: float) -> list[wire.Rows]:
        found.round_trips.append(len(asked))
        answers = await run(connection, asked, patience)
        found.rows += sum(map(len, answers))
        return answers

    wire.Connection.run = noted  # type: ignore[method-assign, assignment] # it is put back
    try:
        with counted() as found.resolved:
            yield found
    finally:
        wire.Connection.run = run  # type: ignore[method-assign] # as it was


@pytest.fixture(scope="module")
async def workspace(twins: Twins) -> AsyncIterator[Workspace]:
    """Nine rows of each type, and an admin whom the server has seen."""
    made = fill(twins.url)
    await Client(twins.compiled, twins.issuer).data("{ viewer { id } }", by=made.admin)
    yield made
    sweep(twins.url)


@pytest.fixture
def client(twins: Twins) -> Client:
    """A caller of the compiled plans."""
    return Client(twins.compiled, twins.issuer)


async def counts(ask: Callable[[], Awaitable[Any]]) -> tuple[int, int]:
    """(statements, round trips) of what a plan answers."""
    await ask()
    with sent() as found:
        await ask()
    assert found.resolved == []
    return found.statements, len(found.round_trips)


@pytest.mark.parametrize("edge", [edge for edge in LISTS if edge.parent != ROOT], ids=str)
async def test_a_list_below_rows_takes_one_statement_for_all_of_them(
    client: Client, workspace: Workspace, edge: Edge
) -> None:
    parents = workspace.ids[edge.parent]
    for selection, lists in [(PAGE, 1), (f"{PAGE} totalCount", 2), ("totalCount", 1), ("__typename", 0)]:
        for some in (parents[:1], parents):
            taken = await counts(
                lambda some=some, selection=selection: edge.of_many(  # type: ignore[misc] # bound at once
                    client, workspace.admin, some, selection, first=3
                )
            )

            assert taken == (CALLER + PROBE + 1 + lists, 3 if lists else 2), (selection, len(some))


async def test_texts_that_ask_for_the_same_share_statements(client: Client, workspace: Workspace) -> None:
    query = "{{ viewer {{ email posts(first: {size}) {{ {name}: nodes {{ id persona {{ name }} }} }} }} }}"
    made = []
    for size, name, by in [
        (7, "a", workspace.owner),
        (7, "b", workspace.owner),
        (8, "c", workspace.owner),
        (7, "d", workspace.admin),
    ]:
        before = Statement._made
        await client.data(query.format(size=size, name=name), by=by)
        made.append(Statement._made - before)

    root = page = 1
    assert made == [root + page, 0, page, root + page]


@pytest.mark.parametrize("edge", TO_ONE, ids=str)
async def test_a_row_to_one_takes_none(client: Client, workspace: Workspace, edge: Edge) -> None:
    for some in (workspace.ids[edge.parent][:1], workspace.ids[edge.parent]):
        taken = await counts(lambda some=some: edge.of_many(client, workspace.admin, some, "id"))  # type: ignore[misc] # bound at once

        assert taken == (CALLER + PROBE + 1, 2)


async def test_five_levels_take_a_statement_for_each_list(client: Client, workspace: Workspace) -> None:
    taken = await counts(lambda: client.data(FIVE_LEVELS, by=workspace.owner))

    # Threads and their messages go with the caller, ideas and posts with each other.
    assert taken == (CALLER + 4, 2)


async def test_nodes_take_one_probe_and_one_statement_a_type(client: Client, workspace: Workspace) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    for kinds in (["Post"], ["Post", "Thread"], NODES):
        ids = [str(id) for kind in kinds for id in workspace.ids[kind][:3]]

        taken = await counts(lambda ids=ids: client.data(query, {"ids": ids}, by=workspace.admin))  # type: ignore[misc] # bound at once

        assert taken == (CALLER + PROBE + len(kinds), 2)


async def test_whoever_may_not_see_a_row_costs_no_more(client: Client, workspace: Workspace) -> None:
    post, stranger = workspace.ids["Post"][0], workspace.ids["User"][2]
    query = f'{{ post(id: "{post}") {{ id persona {{ name }} user {{ posts {{ totalCount }} }} }} }}'
    await client.data("{ viewer { id } }", by=stranger)

    owner = await counts(lambda: client.data(query, by=workspace.owner))
    other = await counts(lambda: client.data(query, by=stranger))

    assert (owner, other) == ((CALLER + 1, 2), (CALLER, 1))


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ('trash(userId: "{owner}") { nodes { id title blockedBy { id } } totalCount }', 2),
        ("deletedUsers { nodes { title } pageInfo { endCursor } }", 1),
        ("duePosts { nodes { post { persona { id } } ownerEmail subscriptionStatus } totalCount }", 2),
        ('userByEmail(email: "{email}") { name subscription { status } }', 0),
        ("systemPersonas { name }", 0),
        ('post(id: "{post}") { systemPersona { name } }', 0),
    ],
)
async def test_what_services_answer_is_asked_together_with_the_caller(
    client: Client, workspace: Workspace, query: str, statements: int
) -> None:
    email = await client.data("{ viewer { email } }", by=workspace.owner)
    query = query.replace("{email}", email["viewer"]["email"])
    query = query.replace("{owner}", str(workspace.owner))
    query = query.replace("{post}", str(workspace.ids["Post"][0]))

    taken = await counts(lambda: client.data(f"{{ {query} }}", by=workspace.admin))

    assert taken == (CALLER + statements, 1)


async def test_of_a_named_row_that_is_anothers_no_lists_are_read(
    client: Client, workspace: Workspace
) -> None:
    invoice, stranger = workspace.ids["Invoice"][0], workspace.ids["User"][2]
    query = f'{{ invoice(id: "{invoice}") {{ items {{ nodes {{ id }} totalCount }} }} }}'
    await client.data("{ viewer { id } }", by=stranger)

    with sent() as owners:
        await client.data(query, by=workspace.owner)
    with sent() as others:
        await client.data(query, by=stranger)

    caller = total = 1
    assert owners.rows == caller + ROWS + total
    assert (others.statements, others.rows) == (owners.statements, caller + total)

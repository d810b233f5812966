"""What goes wrong inside is told to no client, and what clients write to no log."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from tests import rows
from tests.conftest import Client, recreate, renamed
from tests.outage import Serve
from zorbit import logs
from zorbit.config import Settings

SECRET, EMAIL = "geheim-content", "geheim@example.com"
BREAKAGES = [
    f"""ALTER TABLE "Post" ADD CONSTRAINT odd CHECK (content <> '{SECRET}') NOT VALID""",
    'ALTER TABLE "Post" RENAME COLUMN content TO gone',
    'ALTER TABLE "Post" RENAME TO "Gone"',
    'ALTER TABLE "AuditEntry" RENAME TO "Gone"',
]
INSIDE = (
    "SELECT",
    "INSERT",
    "relation",
    "column",
    "psycopg",
    "sqlalchemy",
    "Traceback",
    ".py",
    "File ",
    "odd",
)
"""What no answer holds."""
CREATE = "mutation ($content: String!) { createPost(input: {content: $content}) { post { id } } }"
UPDATE = """mutation ($id: ID!, $content: String!) {
    updatePost(input: {id: $id, content: $content}) { post { content user { email } } }
}"""


@pytest.fixture
def broken(postgres: str, worker_database: str, worker_id: str) -> Iterator[str]:
    """A database of its own, to be broken."""
    recreate(postgres, f"zorbit_secrets_{worker_id}", template=f"zorbit_template_{worker_id}")
    url = renamed(worker_database, f"zorbit_secrets_{worker_id}")
    with rows.kept(url):
        yield url


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Logging as a server has it, and afterwards as it was."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    logs.configure(Settings())
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


async def answers(client: Client, user: UUID, post: UUID) -> list[str]:
    """What the user gets for reading and writing what is broken."""
    token = client.token(user)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("{ viewer { email posts { nodes { content } totalCount } auditEntries { totalCount } } }", {}),
        ("query ($id: ID!) { post(id: $id) { content user { email } } }", {"id": str(post)}),
        ("query ($id: ID!) { node(id: $id) { id ... on Post { content } } }", {"id": str(post)}),
        (UPDATE, {"id": str(post), "content": SECRET}),
        (CREATE, {"content": SECRET}),
    ]
    return [
        (await client.post(query, variables, authorization=f"Bearer {token}")).text
        for query, variables in asked
    ]


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("compiled_reads", [True, False], ids=["plans", "resolvers"])
@pytest.mark.parametrize("breakage", BREAKAGES)
async def test_a_fault_tells_nobody_what_it_is_of(
    serve: Serve, broken: str, breakage: str, compiled_reads: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    user = rows.insert(broken, "User", email=EMAIL)
    post = rows.insert(broken, "Post", userId=user, content=SECRET)
    async with serve(broken, compiled_reads=compiled_reads) as client:
        rows.execute(broken, breakage)
        found = await answers(client, user, post)

    assert any("internal server error" in text for text in found)
    for text in found:
        assert [word for word in INSIDE if word in text] == []
    logged = capsys.readouterr().err
    faults = [json.loads(line) for line in logged.splitlines() if '"exception"' in line]
    assert faults
    for secret in (SECRET, EMAIL, client.token(user)):
        assert secret not in logged

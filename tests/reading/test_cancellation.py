"""A field that fails takes what it must along, and nothing else."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.reading.conftest import sweep
from tests.reading.twins import Twins
from tests.rows import insert

# A list is never null: what is wrong with its arguments takes the account along that it is part of.
REFUSED = "templates(where: {createdAt: null}) { totalCount }"


@pytest.fixture
async def caller(twins: Twins) -> AsyncIterator[UUID]:
    """A user with a template."""
    user = insert(twins.url, "User")
    insert(twins.url, "Template", userId=user)
    yield user
    sweep(twins.url)


@pytest.mark.parametrize(
    ("shared", "answer"),
    [
        ("quotas { type }", '"quotas":[{"type":"POST_GENERATION"}'),
        ("subscription { id }", '"subscription":null'),
        ("templates { totalCount }", '"templates":{"totalCount":1}'),
        ("usage(type: PERSONA) { state { used } }", '"usage":{"state":{"used":0}}'),
        ("auditEntries { nodes { id } }", '"auditEntries":{"nodes":[]}'),
    ],
)
async def test_what_another_field_waits_for_too_is_not_lost_with_a_field_that_is_given_up(
    twins: Twins, caller: UUID, shared: str, answer: str
) -> None:
    query = f"{{ viewer {{ refused: {REFUSED} {shared} }} other: viewer {{ {shared} }} }}"

    for made in await twins.ask({"query": query}, caller):
        assert made.status == 200
        assert len(made.errors) == 1
        assert '"viewer":null,"other":{' + answer in made.text

"""The ends of every range, sent to whatever mutation: taken or refused, and never a fault."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.writing.arguments import MUTATIONS, given, leaves
from tests.writing.people import codes_of, person

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways

EXTREMES: list[dict[str, Any]] = [
    {
        "String": "",
        "ID": "00000000-0000-0000-0000-000000000000",
        "Int": -(2**31),
        "Float": -1.7e308,
        "DateTime": "0001-01-01T00:00:00Z",
        "Decimal": "-99999999999999999999.9999999999",
        "JSON": [],
        "Boolean": True,
    },
    {
        "String": "\U0010ffff" * 300,
        "Int": 2**31 - 1,
        "Float": 1.7e308,
        "DateTime": "9999-12-31T23:59:59.999999Z",
        "Decimal": "99999999.99",
        "JSON": {"": "\U0010ffff" * 3000},
        "Boolean": False,
    },
]


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_extremes_are_taken_or_refused_and_never_a_fault(
    client: Client, database_url: str, mutation: str
) -> None:
    admin = person(database_url, client, "admin", deleted=mutation.startswith("restore"))
    required = given(mutation, admin.rows(mutation), {}) or {}

    for values in [
        *({leaf.path: end[leaf.kind] for leaf in leaves(mutation) if leaf.kind in end} for end in EXTREMES),
        {leaf.path[:1]: None for leaf in leaves(mutation) if leaf.path[0] not in required},
    ]:
        answer = await admin.call(mutation, admin.rows(mutation), values)
        # Whoever deletes themselves is known no more.
        assert set(codes_of(answer)) <= {"UNAUTHENTICATED"}, (values, answer)

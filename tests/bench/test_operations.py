"""The operations that are measured still are operations of the schema."""

import pytest
from graphql import build_schema, parse, validate

from bench.places import PEERS, ROOT

OPERATIONS = sorted(
    path
    for dialect in ("zorbit", "zorbit-admin", "similar")
    for path in (PEERS / "queries" / dialect).iterdir()
)
SCHEMA = build_schema((ROOT / "schema.graphql").read_text())


@pytest.mark.parametrize("name", [f"{path.parent.name}/{path.name}" for path in OPERATIONS])
def test_the_schema_knows_what_is_measured(name: str) -> None:
    document = parse((PEERS / "queries" / name).read_text())

    assert validate(SCHEMA, document) == []


def test_there_are_operations() -> None:
    assert len(OPERATIONS) > 25

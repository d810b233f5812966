"""The specification of GraphQL over HTTP, by the audits of the npm package `graphql-http`."""

from pathlib import Path

import pytest

from tests import node
from zorbit.engine import http

AUDITS = Path(__file__).parent / "audits"
BY_GET = {"5A70", "D6D5", "6A70"}
"""The audits in which a query by GET is to be answered."""


@pytest.mark.node
def test_all_audits_pass_and_those_by_get_with_the_header_alone(port: int) -> None:
    found = node.run(AUDITS, "audit.js", f"http://127.0.0.1:{port}/graphql", http.PREFLIGHT[0])

    assert len(found["forced"]) > 60
    assert [audit for audit in found["forced"] if audit["status"] != "ok"] == []
    assert {audit["id"] for audit in found["plain"] if audit["status"] != "ok"} == BY_GET

"""Apollo Client and urql themselves, with their links for persisted queries."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import node
from tests.http.conftest import listening
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings

CLIENTS = Path(__file__).parent / "clients"
ID = "viewer/1"
METHODS = [("POST", "POST"), ("GET", "POST"), ("POST", "POST"), ("GET", "GET")]
"""For hashes, and after one was not known: Apollo's and urql's, told to send hashes by POST and by GET."""


@dataclass(frozen=True)
class Server:
    """A server, and what clients are to find there."""

    settings: dict[str, Any]
    sent: Callable[[str, str], list[str]]
    id: str | None = None
    """What the clients' builds have put in place of a hash."""


def servers(manifest: Path) -> dict[str, Server]:
    """Each kind of server."""
    locked = {"trusted_documents": manifest, "trusted_only": True}
    return {
        "stores": Server(
            {}, lambda one, then: [f"{one} hash: 400", f"{then} text and hash: 200", f"{one} hash: 200"]
        ),
        "stores none": Server(
            {"persisted_queries": 0},
            lambda one, then: [f"{one} hash: 400", f"{then} text: 200", "POST text: 200"],
        ),
        "locked": Server(locked, lambda one, _: [f"{one} hash: 200"] * 2, ID),
        "locked to others": Server(
            locked, lambda one, then: [f"{one} hash: 400", f"{then} text and hash: 400"] * 2
        ),
    }


@pytest.mark.node
def test_they_learn_what_a_server_knows_and_send_texts_where_it_stores_none(
    database_url: str, settings: Settings, data_dir: Path, tmp_path: Path, user: UUID
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({ID: "query Mine { viewer { id } }"}))
    kinds = servers(manifest)
    token = LocalIssuer.open(data_dir).sign(str(user), timedelta(hours=1))

    with ExitStack() as stack:
        asked = []
        for kind in kinds.values():
            listener = listening(database_url, settings.model_copy(update=kind.settings))
            port = stack.enter_context(listener).port
            asked.append({"url": f"http://127.0.0.1:{port}/graphql", "id": kind.id})
        found = iter(node.run(CLIENTS, "clients.js", token, json.dumps(asked)))

    for name, kind in kinds.items():
        for methods in METHODS:
            seen = next(found)
            assert seen["sent"] == kind.sent(*methods), name
            if name == "locked to others":
                assert all("only documents that this server was given" in told for told in seen["answers"])
            else:
                assert seen["answers"] == [str(user)] * 2, name

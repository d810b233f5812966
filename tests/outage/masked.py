"""A server in which everything fails: its answers tell nothing, nor does its log."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faulty import HARMLESS, SECRET
from tests.outage.breakages import FAULT
from tests.serving import Server

EMAIL = "geheim@example.com"
INSIDE = [
    *("SELECT", "INSERT", "UPDATE", "relation", "column ", "Hidden", "touched", "odd", "CONTEXT", "DETAIL"),
    *("psycopg", "sqlalchemy", "strawberry", "Traceback", ".py", "File ", "Error", "Exception", "Invalid"),
]
"""What no answer holds: statements, names of the database's, paths, classes."""
READ = f"""{{ viewer {{ geheim: email posts(search: "{SECRET}") {{
    nodes {{ content imageUrl user {{ email }} }} totalCount
}} }} }}"""
BY_RESOLVERS = READ.replace("{", f'{{ fault(kind: "{HARMLESS}", text: "")', 1)
"""No plan covers the field that is not Zorbit's."""
CREATE = "mutation ($text: String!) { createPost(input: {content: $text}) { post { content } } }"
UPDATE = """mutation ($id: ID!, $text: String!) {
    geheim: updatePost(input: {id: $id, content: $text}) { post { content user { email } } }
}"""


@dataclass
class Faulty:
    """A server whose database, resolvers and loaders fail, and the user who asks it."""

    server: Server
    url: str
    """Of its database, as the superuser reaches it."""
    http: httpx.AsyncClient
    token: str
    post: str
    masked: list[str] = field(default_factory=list)
    """The ids of requests whose errors were masked."""

    async def ask(self, query: str, **variables: str) -> str | None:
        """The code of what went wrong with a query, if anything did; the answer tells nothing else."""
        body = {"query": query, "variables": variables}
        answer = await self.http.post("/graphql", json=body)
        assert [word for word in INSIDE if word in answer.text] == [], answer.text
        codes = set()
        for error in answer.json().get("errors", []):
            codes.add(error["extensions"]["code"])
            if error["extensions"]["code"] == FAULT:
                self.masked.append(answer.headers["x-request-id"])
                assert error["message"] == "internal server error"
                assert error["extensions"] == {"code": FAULT, "requestId": self.masked[-1]}
        assert len(codes) <= 1
        return codes.pop() if codes else None

    async def touch(self) -> list[str | None]:
        """What reading by a plan, reading by resolvers and writing a post come to."""
        asked = (self.ask(query, text=SECRET, id=self.post) for query in (READ, BY_RESOLVERS, UPDATE, CREATE))
        return await asyncio.gather(*asked)

    def lines(self) -> list[dict[str, Any]]:
        """The server's log."""
        return [json.loads(line) for line in self.server.log.read_text().splitlines() if line[0] == "{"]

    def assert_discreet(self) -> None:
        """The log has the traceback of all that was masked, and nothing that anybody wrote."""
        text = self.server.log.read_text()
        secrets = (SECRET, EMAIL, self.token, "geheim", "Failing row")
        assert [secret for secret in secrets if secret in text] == []
        explained = {line.get("request_id") for line in self.lines() if "exception" in line}
        assert set(self.masked) - explained == set()

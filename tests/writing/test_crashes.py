"""The server is killed at random moments under load: what was acknowledged is there, nothing is half done.

What was not acknowledged is sent again under its key to the next server, and so takes effect exactly once.
"""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest

from tests.auth import AUDIENCE, ED25519, ISSUER
from tests.examples import examples
from tests.rows import fetch, insert
from tests.serving import environment, free_port, own_database
from tests.writing.changes import LATER

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways

KILLS = min(examples(2), 50)
WRITERS = 6
PATIENCE = 30.0
UNUSED = dict.fromkeys(("idea_generation", "post_generation", "post_scheduling"), 0)


@dataclass
class Server:
    """`zorbit serve` over the test's database."""

    process: subprocess.Popen[bytes]
    url: str

    @classmethod
    def start(cls, database_url: str, folder: Path) -> "Server":
        port = free_port()
        variables = {"PORT": str(port), "PERIODIC_SECONDS": "1"}
        with (folder / f"{port}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "zorbit", "serve"],
                env=environment(**own_database(database_url, folder), **variables),
                stdout=log,
                stderr=log,
            )
        return cls(process, f"http://127.0.0.1:{port}")

    async def is_ready(self, http: httpx.AsyncClient) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if (await http.get(f"{self.url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)


@dataclass(frozen=True)
class Sent:
    """A mutation under its key, and what its acknowledgment says about the writer's rows."""

    name: str
    input: dict[str, Any]
    key: str
    learn: Callable[[Any], None]


@dataclass
class Writer:
    """One client of a user, who remembers what was acknowledged."""

    user: UUID
    choice: random.Random
    threads: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    ideas: list[str] = field(default_factory=list)
    posts: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    """(deleted, scheduled) by id."""
    pending: Sent | None = None
    acknowledged: int = 0

    def next(self) -> Sent:
        """What to send now."""
        acts = [self._record_posts, self._create_thread]
        acts += [self._create_message] if self.threads else []
        acts += [self._record_ideas] if self.messages else []
        acts += [self._change_post] * 3 if self.posts else []
        return self.choice.choice(acts)()

    def _record_posts(self) -> Sent:
        def learn(payload: Any) -> None:
            self.posts |= {post["id"]: (False, False) for post in payload["posts"]}

        return self._sent("recordPosts", {"posts": [{"content": "One."}, {"content": "Two."}]}, learn)

    def _create_thread(self) -> Sent:
        return self._sent(
            "createThread", {"title": "T"}, lambda made: self.threads.append(made["thread"]["id"])
        )

    def _create_message(self) -> Sent:
        given = {"threadId": self.choice.choice(self.threads), "content": "M"}
        return self._sent("createMessage", given, lambda made: self.messages.append(made["message"]["id"]))

    def _record_ideas(self) -> Sent:
        idea = {"title": "I", "content": "In full."}
        given = {"messageId": self.choice.choice(self.messages), "ideas": [idea]}
        return self._sent("recordIdeas", given, lambda made: self.ideas.append(made["ideas"][0]["id"]))

    def _change_post(self) -> Sent:
        id = self.choice.choice(list(self.posts))
        deleted, scheduled = self.posts[id]
        if deleted:
            return self._about(id, "restorePost", (False, False))
        if scheduled and self.choice.random() < 0.5:
            return self._about(id, "unschedulePost", (False, False))
        if scheduled or self.choice.random() < 0.3:
            return self._about(id, "deletePost", (True, False))
        return self._about(id, "schedulePost", (False, True), scheduledOn=LATER)

    def _about(self, id: str, name: str, after: tuple[bool, bool], **given: Any) -> Sent:
        return self._sent(name, {"id": id} | given, lambda _: self.posts.update({id: after}))

    def _sent(self, name: str, given: dict[str, Any], learn: Callable[[Any], None]) -> Sent:
        return Sent(name, given, str(uuid4()), learn)


SHOWN = {
    "recordPosts": "posts { id }",
    "createThread": "thread { id }",
    "createMessage": "message { id }",
    "recordIdeas": "ideas { id }",
    "deletePost": "deletedId",
}


async def acknowledge(http: httpx.AsyncClient, url: str, writer: Writer, sent: Sent) -> None:
    """Send it; raises httpx.TransportError where no answer came."""
    title = sent.name[0].upper() + sent.name[1:]
    document = f"""
        mutation($input: {title}Input!, $key: String) {{
          {sent.name}(input: $input, idempotencyKey: $key) {{
            {SHOWN.get(sent.name, "post { id }")} userErrors {{ code message }} }} }}
    """
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(writer.user), "exp": time.time() + 600}
    answer = await http.post(
        f"{url}/graphql",
        json={"query": document, "variables": {"input": sent.input, "key": sent.key}},
        headers={"authorization": f"Bearer {jwt.encode(claims, ED25519, algorithm='EdDSA')}"},
    )
    payload = answer.json()["data"][sent.name]
    assert payload["userErrors"] == []
    sent.learn(payload)
    writer.acknowledged += 1


async def write(http: httpx.AsyncClient, url: str, writer: Writer) -> None:
    """Send one after the other until the server is gone; what got no answer is pending then."""
    while True:
        writer.pending = writer.pending or writer.next()
        try:
            await acknowledge(http, url, writer, writer.pending)
        except httpx.TransportError:
            return
        writer.pending = None


@pytest.fixture
def writers(database_url: str) -> list[Writer]:
    """Two clients of each user, who may write as much as they like."""
    limits = ("postGenerationLimit", "ideaGenerationLimit", "postSchedulingLimit")
    plan = insert(database_url, "Plan", **dict.fromkeys(limits, 1_000_000))
    users = [insert(database_url, "User") for _ in range(WRITERS // 2)]
    for user in users:
        insert(database_url, "Subscription", userId=user, planId=plan)
    return [Writer(user, random.Random(number)) for number, user in enumerate(users * 2)]


@pytest.mark.soak
async def test_whatever_was_acknowledged_outlives_the_server_exactly_once(
    database_url: str, writers: list[Writer], tmp_path: Path
) -> None:
    chance, interrupted = random.Random(7), 0
    server = Server.start(database_url, tmp_path)
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        await server.is_ready(http)
        for _ in range(KILLS):
            following = Server.start(database_url, tmp_path)
            await following.is_ready(http)
            load = asyncio.gather(*(write(http, server.url, writer) for writer in writers))
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            server.kill()
            await load
            server = following
            for writer in writers:
                if writer.pending:
                    interrupted += 1
                    await acknowledge(http, server.url, writer, writer.pending)
                    writer.pending = None
        server.kill()

    assert min(sum(writer.acknowledged for writer in writers), interrupted) > 0
    assert stored(database_url) == expected(writers)
    assert doctor(database_url, tmp_path) == 0


def stored(url: str) -> dict[str, Any]:
    """Every row that the writers made."""
    posts = fetch(url, 'SELECT id::text, "isDeleted", "scheduledOn" IS NOT NULL FROM "Post"')
    found: dict[str, Any] = {"Post": {id: (deleted, scheduled) for id, deleted, scheduled in posts}}
    for table in ("Thread", "ChatMessage", "ContentIdea"):
        found[table] = sorted(id for (id,) in fetch(url, f'SELECT id::text FROM "{table}"'))
    used = 'SELECT type, sum(used)::int FROM "UsageQuota" GROUP BY type'
    return found | {"used": UNUSED | dict(fetch(url, used))}


def expected(writers: list[Writer]) -> dict[str, Any]:
    """What the writers were told."""
    posts = {id: state for writer in writers for id, state in writer.posts.items()}
    ideas = sorted(id for writer in writers for id in writer.ideas)
    return {
        "Post": posts,
        "Thread": sorted(id for writer in writers for id in writer.threads),
        "ChatMessage": sorted(id for writer in writers for id in writer.messages),
        "ContentIdea": ideas,
        "used": {
            "idea_generation": len(ideas),
            "post_generation": len(posts),
            "post_scheduling": sum(scheduled for _, scheduled in posts.values()),
        },
    }


def doctor(database_url: str, folder: Path) -> int:
    """The exit code of `zorbit doctor`."""
    command = [sys.executable, "-m", "zorbit", "doctor"]
    log = folder / "doctor.log"
    with log.open("wb") as out:
        ended = subprocess.run(
            command,
            env=environment(DATABASE_URL=database_url),
            stdout=out,
            stderr=out,
            timeout=PATIENCE,
            check=False,
        )
    assert ended.returncode == 0, log.read_text()
    return ended.returncode

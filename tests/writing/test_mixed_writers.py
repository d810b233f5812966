"""Everything at once, on the same rows: no deadlock, no fault, and the invariants hold afterwards."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.conftest import Client
from tests.examples import examples
from tests.rows import fetch, insert
from tests.writing.changes import LATER
from tests.writing.test_crashes import doctor
from zorbit import app
from zorbit.auth.local import LocalIssuer
from zorbit.config import Settings

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways

ROUNDS = min(examples(12), 1_000)
AT_ONCE = 12
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
async def crowd(database_url: str, data_dir: Path) -> AsyncIterator[Client]:
    """A caller of a server with a connection for each of many writers."""
    settings = Settings(data_dir=data_dir, pool_size=AT_ONCE, writes_at_once=AT_ONCE, periodic_seconds=0)
    served = app.create(settings, database_url)
    async with served.router.lifespan_context(served):
        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield Client(http, LocalIssuer.open(data_dir))


@dataclass
class World:
    """Two users' rows, few enough that writers meet."""

    url: str
    admin: UUID
    plans: list[UUID]
    users: list[UUID]
    rows: dict[str, list[tuple[UUID, UUID]]] = field(default_factory=dict)
    """(owner, id) by table."""

    def any(self, chance: random.Random, table: str) -> tuple[UUID, str]:
        owner, id = chance.choice(self.rows[table])
        return owner, str(id)


@pytest.fixture
def world(database_url: str) -> World:
    """Users with a few rows of each kind."""
    admin = insert(database_url, "User", role="admin")
    limits = (
        "postGenerationLimit ideaGenerationLimit commentGenerationLimit postSchedulingLimit personaLimit "
        "imageCreationLimit"
    )
    plans = [
        insert(database_url, "Plan", price=price, **dict.fromkeys(limits.split(), 500))
        for price in ("9.00", "29.00")
    ]
    made = World(database_url, admin, plans, [insert(database_url, "User") for _ in range(2)])
    for user in made.users:
        insert(database_url, "Subscription", userId=user, planId=plans[0])
        made.rows.setdefault("User", []).append((user, user))
        for _ in range(2):
            own = {"userId": user}
            thread = insert(database_url, "Thread", **own)
            message = insert(database_url, "ChatMessage", threadId=thread, **own)
            idea = insert(database_url, "ContentIdea", chatMessageId=message)
            persona = insert(database_url, "Persona", **own)
            post = insert(database_url, "Post", personaId=persona, chatMessageId=message, **own)
            for table, id in [
                ("Thread", thread),
                ("ChatMessage", message),
                ("ContentIdea", idea),
                ("Persona", persona),
                ("Post", post),
            ]:
                made.rows.setdefault(table, []).append((user, id))
    return made


Act = Callable[[World, random.Random], tuple[UUID, str, dict[str, Any]]]
"""Who sends which mutation with what."""


def about(table: str, name: str, **given: Any) -> Act:
    """A mutation of one row, by its owner."""

    def act(world: World, chance: random.Random) -> tuple[UUID, str, dict[str, Any]]:
        owner, id = world.any(chance, table)
        return owner, name, {"id": id} | given

    return act


def below(table: str, key: str, name: str, **given: Any) -> Act:
    """A mutation that refers to a row, by its owner."""

    def act(world: World, chance: random.Random) -> tuple[UUID, str, dict[str, Any]]:
        owner, id = world.any(chance, table)
        return owner, name, {key: id} | given

    return act


def by_admin(table: str, name: str) -> Act:
    """A mutation of one row, by an admin."""

    def act(world: World, chance: random.Random) -> tuple[UUID, str, dict[str, Any]]:
        _, id = world.any(chance, table)
        return world.admin, name, {"id": id}

    return act


def several(name: str) -> Act:
    """A bulk mutation of some rows of both users, by an admin."""

    def act(world: World, chance: random.Random) -> tuple[UUID, str, dict[str, Any]]:
        tables = ["Thread", "ChatMessage", "ContentIdea", "Persona", "Post"]
        ids = {world.any(chance, table)[1] for table in chance.choices(tables, k=4)}
        return world.admin, name, {"ids": chance.sample(sorted(ids), len(ids))}

    return act


def changing_plan(world: World, chance: random.Random) -> tuple[UUID, str, dict[str, Any]]:
    user = chance.choice(world.users)
    ((subscription,),) = fetch(world.url, 'SELECT id FROM "Subscription" WHERE "userId" = %s', user)
    name = chance.choice(["changePlan", "cancelSubscription", "resumeSubscription"])
    plan = {"planId": str(chance.choice(world.plans))} if name == "changePlan" else {}
    return user, name, {"id": str(subscription)} | plan


def paying(world: World, chance: random.Random) -> tuple[UUID, str, dict[str, Any]]:
    found = fetch(world.url, """SELECT id FROM "Invoice" WHERE status = 'open'""")
    if not found:
        return changing_plan(world, chance)
    return world.admin, chance.choice(["payInvoice", "voidInvoice"]), {"id": str(chance.choice(found)[0])}


IDEA = {"title": "I", "content": "In full."}
ACTS: list[Act] = [
    *(about(table, f"{verb}{name}") for table, name in [
        ("Thread", "Thread"), ("ChatMessage", "Message"), ("ContentIdea", "Idea"), ("Persona", "Persona"),
        ("Post", "Post"),
    ] for verb in ("delete", "restore", "restore")),
    about("Post", "schedulePost", scheduledOn=LATER),
    about("Post", "schedulePost", scheduledOn=LATER),
    about("Post", "unschedulePost"),
    about("Post", "updatePost", content="Other words."),
    about("Persona", "duplicatePersona"),
    about("Persona", "updatePersona", defaultPrompt="Otherwise."),
    below("Thread", "threadId", "createMessage", content="M"),
    below("ChatMessage", "messageId", "recordIdeas", ideas=[IDEA, IDEA]),
    below("ChatMessage", "messageId", "createIdea", **IDEA),
    below("Post", "postId", "recordImage", imageUrl="https://images.example/1", imageKey="1"),
    below("ContentIdea", "ideaId", "createPostFromIdea"),
    by_admin("User", "deleteUser"),
    by_admin("User", "restoreUser"),
    by_admin("User", "restoreUser"),
    several("deleteRows"),
    several("restoreRows"),
    several("restoreRows"),
    changing_plan,
    changing_plan,
    paying,
]  # fmt: skip


@pytest.mark.soak
async def test_writers_of_all_kinds_never_lock_each_other_out(
    crowd: Client, world: World, tmp_path: Path
) -> None:
    chance = random.Random(11)
    codes: Counter[str] = Counter()
    ((before,),) = fetch(world.url, DEADLOCKS)

    for _ in range(ROUNDS):
        acts = [act(world, chance) for act in chance.choices(ACTS, k=AT_ONCE)]
        for code in await asyncio.gather(*(send(crowd, *act) for act in acts)):
            codes[code] += 1

    assert codes["done"] > ROUNDS
    assert set(codes) <= {
        "done",
        "UNAUTHENTICATED",  # a user who was deleted
        "NOT_FOUND",
        "CONFLICT",
        "RESTORE_BLOCKED",
        "SUBSCRIPTION_REQUIRED",
        "QUOTA_EXHAUSTED",
    }
    assert fetch(world.url, DEADLOCKS) == [(before,)]
    assert doctor(world.url, tmp_path) == 0


async def send(crowd: Client, user: UUID, name: str, given: dict[str, Any]) -> str:
    """What came of a mutation, in a word."""
    title = name[0].upper() + name[1:]
    document = f"mutation($input: {title}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
    response = await crowd.post(document, {"input": given}, authorization=f"Bearer {crowd.token(user)}")
    answer = response.json()
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", (name, answer)
        return "UNAUTHENTICATED"
    errors = answer["data"][name]["userErrors"]
    return str(errors[0]["code"]) if errors else "done"

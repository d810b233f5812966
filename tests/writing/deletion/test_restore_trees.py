"""Over random trees of rows what is restored is what the preview told, and what a model of them says."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from uuid_utils.compat import uuid7

from tests.conftest import Client
from tests.examples import examples
from tests.rows import execute, fetch, insert, insert_many
from tests.writing.deletion.previews import preview

pytestmark = pytest.mark.untraced  # to trace it takes half as long again; others go the same ways

T = TypeVar("T")

KINDS = ["User", "Thread", "ChatMessage", "ContentIdea", "Post", "Persona"]
PUBLIC = {"User": "USER", "Thread": "THREAD", "ChatMessage": "MESSAGE", "ContentIdea": "IDEA"}
PARENTS = {"ChatMessage": "Thread", "ContentIdea": "ChatMessage"}
KEYS = {"ChatMessage": "threadId", "ContentIdea": "chatMessageId"}
PERSONAS = 2
BULK = "mutation ($ids: [ID!]!) { %sRows(input: {ids: $ids}) { results { userErrors { code } } } }"
ONE = "mutation ($id: ID!) { %s(input: {id: $id}) { userErrors { code } } }"

EXPECTED = {"delete": "deleting", "restore": "restoring"}

indexes = st.integers(0, 99)
shapes = st.lists(st.tuples(st.sampled_from(KINDS[1:]), indexes, st.booleans()), min_size=6, max_size=14)


@dataclass
class Row:
    """A row as the model knows it."""

    table: str
    id: UUID
    parent: "Row | None"
    deleted: bool = False

    @property
    def columns(self) -> dict[str, Any]:
        parents = {"userId": self.above[0].id, KEYS.get(self.table, "userId"): self.above[-1].id}
        return parents | {"id": self.id, "isDeleted": self.deleted}

    @property
    def kind(self) -> str:
        return PUBLIC.get(self.table, self.table.upper())

    @property
    def above(self) -> "list[Row]":
        """What it is part of, outermost first."""
        return [] if self.parent is None else [*self.parent.above, self.parent]

    @property
    def visible(self) -> bool:
        return not any(row.deleted for row in [*self.above, self])

    def comes_with(self, other: "Row") -> bool:
        """Whether it would be visible if only `other`, and what that is part of, were live."""
        path = [*self.above, self]
        return other in path and not any(row.deleted for row in path[path.index(other) + 1 :])


@dataclass
class Bench:
    """What the machine works on, from its own thread."""

    client: Client
    url: str
    admin: UUID
    plan: UUID
    loop: asyncio.AbstractEventLoop

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def ask(self, document: str, **given: Any) -> Any:
        return self.wait(self.client.data(document, given, by=self.admin))


class Restoring(RuleBasedStateMachine):
    """One user's rows, deleted and restored by an admin, one and several at a time."""

    bench: Bench

    @initialize(shape=shapes)
    def plant(self, shape: list[tuple[str, int, bool]]) -> None:
        """A tree, some of it deleted."""
        self.email = f"{uuid4()}@example.com"
        self.user = Row("User", insert(self.bench.url, "User", email=self.email), None)
        insert(self.bench.url, "Subscription", userId=self.user.id, planId=self.bench.plan)
        self.rows = [self.user]
        self.rival: UUID | None = None
        planted = [self.placed(table, index, deleted=deleted) for table, index, deleted in shape]
        for table in KINDS[1:]:
            insert_many(self.bench.url, table, [row.columns for row in planted if row.table == table])

    @rule(table=st.sampled_from(["Thread", "ChatMessage", "ContentIdea", "Post"]), index=indexes)
    def grow(self, table: str, index: int) -> None:
        """One row more, whatever became of its parent."""
        row = self.placed(table, index)
        insert(self.bench.url, row.table, **row.columns)

    def placed(self, table: str, index: int, *, deleted: bool = False) -> Row:
        """A row of the model's; what finds no parent becomes a thread."""
        parents = [row for row in self.rows if row.table == PARENTS.get(table, "User")]
        if not parents:
            return self.placed("Thread", index, deleted=deleted)
        row = Row(table, uuid7(), parents[index % len(parents)], deleted)
        self.rows.append(row)
        return row

    @rule(index=indexes)
    def delete(self, index: int) -> None:
        """One row, if it can be seen."""
        row = self.chosen(index, "delete")
        expected = self.deleting(row)

        assert self.one("delete", row) == expected
        self.compare()

    @rule(index=indexes)
    def restore(self, index: int) -> None:
        """One row, as its preview says."""
        row = self.chosen(index, "restore")
        told = self.bench.wait(preview(self.bench.client, row.id, self.bench.admin))
        before = self.seen()
        coming = [other for other in self.rows if other.comes_with(row)]
        expected = self.restoring(row)

        assert self.one("restore", row) == expected

        returned = self.compare() - before
        assert returned == ({other.id for other in coming} if expected == [] else set())
        if expected == ["NOT_FOUND"]:
            assert told is None
        else:
            assert [error["code"] for error in told["userErrors"]] == expected
            counts = Counter(other.kind for other in coming)
            assert {entry["type"]: entry["count"] for entry in told["restores"]} == counts

    @rule(several=st.lists(indexes, min_size=1, max_size=6))
    def delete_several(self, several: list[int]) -> None:
        """Children before parents, so that both are deleted."""
        self.bulk("delete", several, reverse=True)

    @rule(several=st.lists(indexes, min_size=1, max_size=6))
    def restore_several(self, several: list[int]) -> None:
        """Parents before children, so that both are restored."""
        self.bulk("restore", several, reverse=False)

    @rule()
    def contest(self) -> None:
        """Somebody takes the address while it is free, or gives it back."""
        if self.rival is not None:
            execute(self.bench.url, 'DELETE FROM "User" WHERE id = %s', self.rival)
            self.rival = None
        elif self.user.deleted:
            self.rival = insert(self.bench.url, "User", email=self.email.upper())

    # The model

    def deleting(self, row: Row) -> list[str]:
        """What deleting a row answers; it is then deleted in the model too."""
        if not row.visible:
            return ["NOT_FOUND"]
        row.deleted = True
        return []

    def restoring(self, row: Row) -> list[str]:
        """What restoring a row answers; it is then restored in the model too."""
        personas = [other for other in self.rows if other.table == "Persona" and not other.deleted]
        if not row.deleted:
            return ["NOT_FOUND"]
        if any(other.deleted for other in row.above):
            return ["RESTORE_BLOCKED"]
        if row.table == "Persona" and len(personas) >= PERSONAS:
            return ["QUOTA_EXHAUSTED"]
        if row.table == "User" and self.rival is not None:
            return ["CONFLICT"]
        row.deleted = False
        return []

    def bulk(self, verb: str, several: list[int], *, reverse: bool) -> None:
        """Several rows; what comes of each does not depend on the order in which they are named."""
        chosen = [self.chosen(index, verb) for index in several]
        rows = list({row.id: row for row in chosen}.values())
        ordered = sorted(rows, key=lambda row: (KINDS.index(row.table), row.id))
        expected = {
            row.id: ["NOT_FOUND"] if row is self.user else getattr(self, EXPECTED[verb])(row)
            for row in (ordered[::-1] if reverse else ordered)
        }

        found = self.bench.ask(BULK % verb, ids=[str(row.id) for row in rows])

        results = found[f"{verb}Rows"]["results"]
        assert [[error["code"] for error in result["userErrors"]] for result in results] == [
            expected[row.id] for row in rows
        ]
        self.compare()

    def chosen(self, index: int, verb: str) -> Row:
        """A row that can be deleted, or is; one time in four any. The user seldom: that hides all others."""
        wanted = [row for row in self.rows if (row.visible if verb == "delete" else row.deleted)]
        pool = wanted if wanted and index % 4 else self.rows
        return pool[-1 - index // 4 % len(pool)]

    def one(self, verb: str, row: Row) -> list[str]:
        """The codes of the refusals."""
        name = f"{verb}{row.kind.title()}"
        found = self.bench.ask(ONE % name, id=str(row.id))[name]
        return [error["code"] for error in found["userErrors"]]

    def seen(self) -> set[UUID]:
        """Which rows an admin can see."""
        ids = [str(row.id) for row in self.rows]
        found = self.bench.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]
        return {UUID(node["id"]) for node in found if node is not None}

    def compare(self) -> set[UUID]:
        """Which rows can be seen: those that the model shows."""
        seen = self.seen()
        assert seen == {row.id for row in self.rows if row.visible}
        return seen


async def test_a_preview_tells_what_restoring_does_over_random_trees(
    client: Client, database_url: str, admin: UUID
) -> None:
    plan = insert(database_url, "Plan", personaLimit=PERSONAS)
    bench = Bench(client, database_url, admin, plan, asyncio.get_running_loop())
    machine = type("Restoring", (Restoring,), {"bench": bench})
    few = settings(
        max_examples=examples(4),
        stateful_step_count=15,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )

    await asyncio.to_thread(run_state_machine_as_test, machine, settings=few)

    restored = fetch(database_url, """SELECT count(*) FROM "AuditEntry" WHERE action LIKE 'restore%%'""")
    assert restored > [(0,)]

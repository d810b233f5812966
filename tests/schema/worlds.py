"""A world to look at from every side, and an oracle that knows who may see which of its rows.

Everybody has rows of every kind: live, deleted, live below deleted ones, and references to each. The oracle
is written from the domain's words over plain dicts; it shares nothing with `zorbit.visibility`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from psycopg import sql
from uuid_utils.compat import uuid7

from tests.rows import NOW, execute, insert_many
from tests.schema.workspace import FOREIGN_KEYS

Row = dict[str, Any]
Key = tuple[str, str]
"""(table, id): what names a row."""

PART_OF = {
    "Thread": ("userId", "User"),
    "ChatMessage": ("threadId", "Thread"),
    "ContentIdea": ("chatMessageId", "ChatMessage"),
    "Post": ("userId", "User"),
    "Persona": ("userId", "User"),
    "Template": ("userId", "User"),
    "Comment": ("userId", "User"),
    "Subscription": ("userId", "User"),
    "PaymentMethod": ("userId", "User"),
    "Invoice": ("userId", "User"),
    "InvoiceItem": ("invoiceId", "Invoice"),
    "UsageQuota": ("userId", "User"),
    "UsageLog": ("quotaId", "UsageQuota"),
}
# The edges that follow another key than their target's own.
EDGE_KEYS = {"nextPlan": "nextPlanId"}
# A text of each table that clients can read: it carries a mark by which the row is known in any answer.
TEXTS = {
    "User": "name",
    "Plan": "name",
    "Persona": "name",
    "Template": "name",
    "Thread": "title",
    "ChatMessage": "content",
    "ContentIdea": "content",
    "Post": "content",
    "Comment": "quote",
    "Subscription": "dodoSubscriptionId",
    "PaymentMethod": "cardBrand",
    "Invoice": "invoiceNumber",
    "InvoiceItem": "description",
    "UsageQuota": None,
    "UsageLog": "description",
    "AuditEntry": "action",
}
MARK = re.compile(r"mark\d+mark")


@dataclass
class World:
    """All rows, by table and id, as they stand in the database at `url`."""

    url: str
    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {table: {} for table in TEXTS})
    people: dict[str, str] = field(default_factory=dict)
    marks: dict[str, Key] = field(default_factory=dict)

    def add(self, table: str, /, whose: str, **values: Any) -> str:
        """A row with a mark of its own; its id."""
        row = {"id": str(uuid7())} | {name: value for name, value in values.items() if value is not None}
        mark = f"mark{len(self.marks)}mark"
        if text := TEXTS[table]:
            row[text] = f"quill {whose} {mark}"
        self.marks[mark] = (table, row["id"])
        self.rows[table][row["id"]] = row
        return str(row["id"])

    def write(self) -> None:
        """Insert everything, parents first."""
        for table, rows in self.rows.items():
            insert_many(self.url, table, list(rows.values()))

    @contextmanager
    def changed(self, table: str, id: str, **values: Any) -> Iterator[None]:
        """A row with other values for a while, here and in the database."""
        before = {name: self.rows[table][id].get(name, default) for name, default in UNLESS_SAID.items()}
        self._set(table, id, values)
        try:
            yield
        finally:
            self._set(table, id, {name: before[name] for name in values})

    def _set(self, table: str, id: str, values: Row) -> None:
        self.rows[table][id] |= values
        for name, value in values.items():
            statement = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s")
            names = sql.Identifier(table), sql.Identifier(name)
            execute(self.url, statement.format(*names).as_string(), value, id)

    def all(self) -> set[Key]:
        """Every row there is."""
        return {(table, id) for table, rows in self.rows.items() for id in rows}

    # The oracle

    def is_live(self, table: str, id: str) -> bool:
        """Neither the row nor anything that it is part of is deleted."""
        row = self.rows[table][id]
        parent = PART_OF.get(table)
        return not row.get("isDeleted") and (parent is None or self.is_live(parent[1], row[parent[0]]))

    def owner(self, table: str, id: str) -> str | None:
        """The user at the top of what the row is part of; nobody owns a plan."""
        if table not in PART_OF:
            return id if table == "User" else self.rows[table][id].get("userId")
        key, parent = PART_OF[table]
        return self.owner(parent, self.rows[table][id][key])

    def role(self, viewer: str | None) -> str | None:
        """What a live person may do; None for nobody and for the deleted."""
        if viewer is None or not self.is_live("User", self.people[viewer]):
            return None
        return str(self.rows["User"][self.people[viewer]]["role"])

    def visible(self, viewer: str | None) -> set[Key]:
        """What the viewer may see: admins everything that is live, users their own and the plans on offer."""
        role = self.role(viewer)
        live = {key for key in self.all() if self.is_live(*key)}
        if role == "admin":
            return live
        if role != "user" or viewer is None:
            return set()
        me = self.people[viewer]
        held = {
            row.get(key)
            for table, key in (
                ("Subscription", "planId"),
                ("Subscription", "nextPlanId"),
                ("Invoice", "planId"),
            )
            for row in self.rows[table].values()
            if row["userId"] == me
        }
        offered = {id for id, plan in self.rows["Plan"].items() if plan["isActive"]}
        return {
            (table, id)
            for table, id in live
            if self.owner(table, id) == me or (table == "Plan" and id in held | offered)
        }

    def ids(self, table: str, viewer: str | None) -> set[str]:
        """The ids of the rows of one table that the viewer may see."""
        return {id for name, id in self.visible(viewer) if name == table}

    def neighbours(
        self, table: str, id: str, target: str, visible: set[Key], edge: str = ""
    ) -> frozenset[str]:
        """The visible rows of `target` that a foreign key, either way, joins to a row."""
        row, targets = self.rows[table][id], self.rows[target]
        above: set[Any] = (
            {row.get(EDGE_KEYS.get(edge, FOREIGN_KEYS[target]))} if target in FOREIGN_KEYS else set()
        )
        below = {
            other["id"]
            for other in targets.values()
            # What was removed is no way to pay any more; invoices keep referring to it.
            if table in FOREIGN_KEYS and other.get(FOREIGN_KEYS[table]) == id and not other.get("removedAt")
        }
        return frozenset(other for other in above | below if (target, other) in visible)

    def trash(self, viewer: str | None, owner: str) -> dict[Key, list[Key]]:
        """The owner's rows that were deleted themselves, and the deleted ones above each, outermost first."""
        if self.role(viewer) != "admin" and (self.role(viewer) != "user" or viewer != owner):
            return {}
        return {
            (table, id): self._deleted_above(table, id)
            for table, rows in self.rows.items()
            for id, row in rows.items()
            if table != "User" and row.get("isDeleted") and self.owner(table, id) == self.people[owner]
        }

    def _deleted_above(self, table: str, id: str) -> list[Key]:
        if table not in PART_OF:
            return []
        key, parent = PART_OF[table]
        above = self.rows[table][id][key]
        itself = [(parent, above)] if self.rows[parent][above].get("isDeleted") else []
        return self._deleted_above(parent, above) + itself

    def due(self) -> set[str]:
        """The posts to be posted now: live, late by less than a day, of people whose subscription holds."""
        paying = {row["userId"] for row in self.rows["Subscription"].values() if row["status"] == "active"}
        return {
            id
            for id, post in self.rows["Post"].items()
            if NOW - timedelta(days=1) < post.get("scheduledOn", NOW + timedelta(days=9)) <= NOW
            and not post.get("isPostedOnLinkedin")
            and self.is_live("Post", id)
            and post["userId"] in paying
        }


UNLESS_SAID: Row = {"isDeleted": False, "role": "user", "status": "active"}

"""Rows of every type, with ties, nulls and microseconds in what lists are ordered and filtered by."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from tests.rows import execute, insert_many

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
# Few, so that rows share them; one microsecond apart, so that a cursor that rounds is found out.
MOMENTS = [START + timedelta(microseconds=offset) for offset in (0, 1, 2, 999_999, 86_400_000_000)]
WORDS = ["Alpha", "beta", "Gamma", "Ünïcode", "", "β", "0", "x y"]
ROWS = 9

FOREIGN_KEYS = {
    "User": "userId",
    "Thread": "threadId",
    "ChatMessage": "chatMessageId",
    "Persona": "personaId",
    "Template": "templateId",
    "Plan": "planId",
    "PaymentMethod": "paymentMethodId",
    "Invoice": "invoiceId",
    "UsageQuota": "quotaId",
}
"""The column by which rows refer to a parent; no other table is referred to."""

DELETABLE = {"User", "Thread", "ChatMessage", "ContentIdea", "Post", "Persona", "Template", "Comment"}


@dataclass
class Workspace:
    """What was inserted: the first row of each type is the parent of the others that can have it as one."""

    url: str
    random: Random
    admin: UUID
    ids: dict[str, list[UUID]] = field(default_factory=dict)

    @property
    def owner(self) -> UUID:
        """The user whose rows they are."""
        return self.ids["User"][0]

    def parent(self, kind: str) -> UUID | None:
        """The parent of the rows of a type's lists; none for what hangs off the root."""
        return self.ids[kind][0] if kind in self.ids else None

    def add(self, table: str, rows: list[dict[str, Any]], *, deleted: bool = False) -> list[UUID]:
        """Insert rows created (and deleted) at moments that others share."""
        for row in rows:
            row.setdefault("createdAt", self.moment())
            if table not in {"UsageLog", "AuditEntry"}:
                row.setdefault("updatedAt", self.moment())
            if deleted:
                row |= {"isDeleted": True, "deletedAt": self.moment()}
        made = insert_many(self.url, table, rows)
        if not deleted:
            self.ids.setdefault(table, []).extend(made)
        return made

    def moment(self) -> datetime:
        """A moment that other rows have too."""
        return self.random.choice(MOMENTS)

    def word(self) -> str:
        """A word that other rows have too."""
        return self.random.choice(WORDS)

    def maybe(self, value: Any) -> Any:
        """`value` or null."""
        return self.random.choice([value, None])


def fill(url: str, seed: int = 0) -> Workspace:
    """A workspace of ROWS rows a list, with some deleted and another user's beside them."""
    random = Random(seed)
    (admin,) = insert_many(url, "User", [{"role": "admin"}])
    made = Workspace(url, random, admin)
    made.add("User", [{"role": "service" if number > 5 else "user"} for number in range(ROWS)])
    made.add("User", [{} for _ in range(4)], deleted=True)
    for owner, count in ((made.owner, ROWS), (made.ids["User"][1], 2)):
        _add_content(made, owner, count)
        _add_billing(made, owner, count)
        _add_records(made, owner, count)
    _add_plans(made)
    return made


def _add_content(made: Workspace, owner: UUID, count: int) -> None:
    own: dict[str, Any] = {"userId": owner}
    threads = made.add("Thread", [own | _thread(made) for _ in range(count)])
    message = {"threadId": threads[0]} | own
    messages = made.add("ChatMessage", [message | _message(made) for _ in range(count)])
    personas = made.add("Persona", [own | {"name": made.word()} for _ in range(count)])
    templates = made.add("Template", [own | {"name": made.word()} for _ in range(count)])
    common = own | {"chatMessageId": messages[0], "personaId": personas[0], "templateId": templates[0]}
    made.add("Post", [common | post(made) for _ in range(count)])
    idea = own | {"chatMessageId": messages[0]}
    made.add("ContentIdea", [idea | _idea(made) for _ in range(count)])
    comment = own | {"personaId": personas[0]}
    made.add("Comment", [comment | _comment(made) for _ in range(count)])
    for table, row in [("Thread", own), ("ChatMessage", message), ("Persona", own), ("Template", own)]:
        made.add(table, [dict(row) for _ in range(2)], deleted=True)
    for table, row in [("Post", common), ("ContentIdea", idea), ("Comment", comment)]:
        made.add(table, [dict(row) for _ in range(2)], deleted=True)


def _thread(made: Workspace) -> dict[str, Any]:
    return {"title": made.maybe(made.word()), "type": made.random.choice(["post", "idea", None])}


def _message(made: Workspace) -> dict[str, Any]:
    return {"generationTime": made.maybe(made.random.choice([0.0, 0.1, 2.5, 1e-300]))}


def _idea(made: Workspace) -> dict[str, Any]:
    return {"title": made.word(), "isSaved": made.random.random() < 0.5}


def _comment(made: Workspace) -> dict[str, Any]:
    return {"firstName": made.word(), "lastName": made.word(), "date": made.moment()}


def post(made: Workspace) -> dict[str, Any]:
    """A post in any state."""
    scheduled, posted = made.maybe(made.moment()), made.random.random() < 0.4
    liked = made.random.random() < 0.4
    row: dict[str, Any] = {
        "title": made.maybe(made.word()),
        "type": made.random.choice(["post", "knowledge_stack", "post_stack", "idea", "comment"]),
        "source": made.maybe(made.word()),
        "scheduledOn": scheduled,
        "published": scheduled is not None or posted or made.random.random() < 0.5,
        "isLiked": liked,
        "isDisliked": not liked and made.random.random() < 0.5,
        "isSaved": made.random.random() < 0.5,
    }
    if posted:
        moment = {"linkedinUrl": "https://linkedin.example/1", "linkedinPostedAt": made.moment()}
        row |= {"isPostedOnLinkedin": True} | moment
    return row


def _add_billing(made: Workspace, owner: UUID, count: int) -> None:
    own: dict[str, Any] = {"userId": owner}
    methods = made.add(
        "PaymentMethod",
        [own | {"type": made.random.choice(["card", "sepa"]), "isDefault": n == 0} for n in range(count)],
    )
    made.add("PaymentMethod", [own | {"removedAt": made.moment()} for _ in range(2)])
    invoices = made.add(
        "Invoice", [own | {"paymentMethodId": methods[0]} | _invoice(made) for _ in range(count)]
    )
    items = [{"invoiceId": invoices[0]} | _item(made) for _ in range(count)]
    total = sum(item["amount"] for item in items)
    execute(made.url, 'UPDATE "Invoice" SET amount = %s WHERE id = %s', total, invoices[0])
    made.add("InvoiceItem", items)
    quotas = made.add("UsageQuota", [own | _quota(made, number) for number in range(count)])
    log = {"userId": str(owner), "quotaId": quotas[0]}
    made.add("UsageLog", [log | {"amount": made.random.choice([-1, 1, 2])} for _ in range(count)])


def _invoice(made: Workspace) -> dict[str, Any]:
    return {
        "amount": made.random.choice(["0.00", "9.99", "10.00"]),
        # None is open: one offer of a plan may be open at a time, and each is to have a plan.
        "status": made.random.choice(["draft", "paid", "void", "uncollectible"]),
        "paidDate": made.moment(),
        "billingDate": made.moment(),
        "dueDate": made.moment(),
    }


def _item(made: Workspace) -> dict[str, Any]:
    price, quantity = Decimal(made.random.choice(["0.10", "3.33"])), made.random.randint(1, 3)
    amount = price * quantity
    return {"description": made.word(), "quantity": quantity, "unitPrice": price, "amount": amount}


def _quota(made: Workspace, number: int) -> dict[str, Any]:
    start, end = START + timedelta(days=31 * number), START + timedelta(days=31 * number + 31)
    kinds = ["post_generation", "idea_generation", "persona"]
    cycle = {"billingCycleStart": start, "billingCycleEnd": end, "resetDate": end}
    return {"type": made.random.choice(kinds)} | cycle


def _add_records(made: Workspace, owner: UUID, count: int) -> None:
    made.add("AuditEntry", [_entry(made, owner) for _ in range(count)])


def _entry(made: Workspace, owner: UUID) -> dict[str, Any]:
    return {
        "userId": owner,
        "actorId": owner,
        "actorRole": made.random.choice(["user", "admin", None]),
        "action": made.random.choice(["createUser", "deletePost"]),
        "subjectType": made.random.choice(["User", "Post"]),
        "subjectId": made.random.choice([owner, made.admin]),
    }


def _add_plans(made: Workspace) -> None:
    intervals = ["month", "year"]
    plans = made.add(
        "Plan",
        [
            {"name": made.word(), "interval": made.random.choice(intervals), "isActive": number % 3 > 0}
            for number in range(ROWS)
        ],
    )
    statuses = ["trialing", "active", "past_due", "canceled", "expired"]
    made.add(
        "Subscription",
        [
            {
                "userId": user,
                "planId": plans[0],
                "nextPlanId": plans[1],
                "status": made.random.choice(statuses),
                "renewalDate": made.moment(),
                "trialEndsAt": made.moment(),
                "endDate": START,
            }
            for user in made.ids["User"]
        ],
    )
    execute(made.url, 'UPDATE "Invoice" SET "planId" = %s', plans[0])

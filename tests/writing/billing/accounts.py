"""Accounts for tests: what is stored of plans and money, and times of one's own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from tests.conftest import Client
from tests.rows import fetch, insert, stored
from tests.writing.changes import change
from zorbit.db import Database
from zorbit.services import invoices as invoice_service
from zorbit.services.terms import Terms
from zorbit.services.values import Values
from zorbit.visibility import OPERATOR, Viewer, owner_of

ACCOUNT = ("Subscription", "Invoice", "InvoiceItem", "PaymentMethod", "Plan", "UsageQuota", "UsageLog")
GRACE, TRIAL = timedelta(days=7), timedelta(days=14)
YEARLY = {"interval": "year", "price": "290.00"}

SUBSCRIPTION = "subscription { id status plan { id } nextPlan { id } }"
INVOICE = "invoice { id status amount currency plan { id } items { nodes { description unitPrice amount } } }"
WHOLE_INVOICE = """
    invoice {
      id invoiceNumber amount currency status billingDate dueDate paidDate user { id } paymentMethod { id }
      plan { id } items { nodes { description quantity unitPrice amount } }
    }
"""
BOTH = f"{SUBSCRIPTION} {INVOICE}"
QUOTA = "viewer { quota(type: POST_GENERATION) { used limit resetsAt } }"


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def at(*moment: int) -> Terms:
    """The terms at a moment in UTC."""
    return Terms(utc(*moment), GRACE, timedelta(days=1), TRIAL)


def whole(url: str) -> list[list[tuple[Any, ...]]]:
    """All that is stored of everybody's plans and money."""
    return [stored(url, table) for table in ACCOUNT]


def subscription(url: str, user: UUID) -> dict[str, Any]:
    """The user's subscription as it is stored."""
    return _dicts(url, 'SELECT * FROM "Subscription" WHERE "userId" = %s', user)[0]


def invoices(url: str, user: UUID) -> list[dict[str, Any]]:
    """The user's invoices as they are stored, the oldest first."""
    return _dicts(url, 'SELECT * FROM "Invoice" WHERE "userId" = %s ORDER BY id', user)


def amounts(url: str, user: UUID) -> list[tuple[str, str]]:
    """(status, amount) of the user's invoices, the oldest first."""
    return [(invoice["status"], str(invoice["amount"])) for invoice in invoices(url, user)]


def items(url: str, invoice: UUID) -> list[tuple[str, str]]:
    """(description, unit price) of an invoice's items, in their order."""
    statement = 'SELECT description, "unitPrice"::text FROM "InvoiceItem" WHERE "invoiceId" = %s ORDER BY id'
    return fetch(url, statement, invoice)


def quotas(url: str, user: UUID) -> list[tuple[Any, ...]]:
    """(type, used, limit, start, end, reset) of the user's quotas, in the order of their cycles."""
    return fetch(
        url,
        'SELECT type, used, "limit", "billingCycleStart", "billingCycleEnd", "resetDate" FROM "UsageQuota" '
        'WHERE "userId" = %s ORDER BY "billingCycleStart", type',
        user,
    )


def recorded(url: str) -> list[tuple[Any, ...]]:
    """(action, actor, type of the subject, owner) of what was recorded, in its order."""
    statement = 'SELECT action, "actorId", "subjectType", "userId" FROM "AuditEntry"'
    return fetch(url, f'{statement} ORDER BY "createdAt", action, "subjectType"')


def _dicts(url: str, statement: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        return connection.execute(statement.encode(), values).fetchall()


@dataclass(frozen=True)
class Account:
    """A user whose services are called directly, at times of one's own."""

    url: str
    database: Database
    id: UUID

    @property
    def viewer(self) -> Viewer:
        """The user as a caller."""
        return owner_of(self.id)

    @property
    def subscription(self) -> dict[str, Any]:
        """What is stored of the subscription."""
        return subscription(self.url, self.id)

    async def run(self, act: Any, /, *args: Any, **given: Any) -> Any:
        """What a service gives, in one transaction."""
        async with self.database.write() as session:
            return await act(session, *args, **given)

    async def pay(self, terms: Terms) -> Any:
        """Pay the open invoice."""
        (invoice,) = [row for row in invoices(self.url, self.id) if row["status"] == "open"]
        return await self.run(invoice_service.pay, OPERATOR, Values({"id": invoice["id"]}), terms)


async def subscribe(client: Client, by: UUID, plan: UUID | str, **given: Any) -> Any:
    """The payload of subscribing to the plan."""
    return await change(client, "subscribe", BOTH, by=by, planId=plan, **given)


async def pay(client: Client, by: UUID, payload: Any) -> Any:
    """Pay the invoice that a payload shows."""
    return await change(client, "payInvoice", BOTH, by=by, id=payload["invoice"]["id"])


def subscribed(url: str, user: UUID, plan: UUID, **given: Any) -> UUID:
    """A subscription of the user's, active and in the fourth day of its month unless told otherwise."""
    return insert(url, "Subscription", userId=user, planId=plan, **given)


def conflict(field: str) -> list[tuple[str, str | None]]:
    """What `faults` are where the present state stands against the field."""
    return [("CONFLICT", f"input.{field}")]

"""Users who are purged: all that is theirs goes with them, and who has invoices is made anonymous."""

from uuid import UUID

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.changes import absent, change, faults
from tests.writing.deletion.purges import OLD, counts, ids, purged
from zorbit.config import Settings
from zorbit.db import Database
from zorbit.services.purging import ANONYMISED


def furnished(url: str, user: UUID) -> None:
    """A row of everything that a user can have, but invoices; each refers to all that it can."""
    own = {"userId": user}
    thread = insert(url, "Thread", **own)
    message = insert(url, "ChatMessage", **own, threadId=thread)
    insert(url, "ContentIdea", chatMessageId=message)
    persona, template = insert(url, "Persona", **own), insert(url, "Template", **own)
    insert(url, "Post", **own, personaId=persona, templateId=template, chatMessageId=message)
    insert(url, "Comment", **own, personaId=persona)
    insert(url, "Subscription", **own, planId=insert(url, "Plan"), status="canceled", endDate=NOW)
    card = {"cardBrand": "visa", "lastFour": "4242", "expiryMonth": 12, "expiryYear": 2030}
    insert(url, "PaymentMethod", **own, isDefault=True, providerToken="pm_1", **card)
    quota = insert(url, "UsageQuota", **own, used=0)
    spend = insert(url, "UsageLog", quotaId=quota, userId=str(user), subjectId=persona)
    insert(url, "UsageLog", quotaId=quota, userId=str(user), subjectId=persona, amount=-1, refundOfId=spend)
    insert(url, "IdempotencyKey", callerId=user, outcome={})
    insert(url, "PersistedQuery", **own)


FURNITURE = {
    "Thread": 1,
    "ChatMessage": 1,
    "ContentIdea": 1,
    "Persona": 1,
    "Template": 1,
    "Post": 1,
    "Comment": 1,
    "Subscription": 1,
    "UsageQuota": 1,
    "UsageLog": 2,
    "IdempotencyKey": 1,
    "PersistedQuery": 1,
}


async def test_a_user_goes_with_all_that_is_theirs(
    pool: Database, database_url: str, settings: Settings, user: UUID
) -> None:
    gone = insert(database_url, "User", **OLD)
    for one in (user, gone):
        furnished(database_url, one)
    before = counts(database_url)

    found = await purged(pool, settings)

    rows = FURNITURE | {"PaymentMethod": 1, "User": 1}
    assert +found.rows == rows
    assert counts(database_url) == {
        table: number - rows.get(table, 0) + (table == "AuditEntry") for table, number in before.items()
    }
    columns = 'action, "actorId", "actorRole", "subjectType", "subjectId", "userId", details'
    entries = fetch(database_url, f'SELECT {columns} FROM "AuditEntry"')
    assert entries == [("purge", None, None, "User", gone, gone, {"rows": rows})]


async def test_a_user_with_invoices_is_made_anonymous(
    pool: Database, database_url: str, settings: Settings, client: Client
) -> None:
    admin = insert(database_url, "User", role="admin")
    named = {"name": "Ada", "dodoCustomerId": "cus_1", "authIssuer": "https://i", "authSubject": "s"}
    gone = insert(database_url, "User", email="ada@example.com", **named, **OLD)
    furnished(database_url, gone)
    method = fetch(database_url, 'SELECT id FROM "PaymentMethod"')[0][0]
    invoice = insert(database_url, "Invoice", userId=gone, paymentMethodId=method)
    insert(database_url, "InvoiceItem", invoiceId=invoice)
    before = counts(database_url)

    found = await purged(pool, settings)

    assert +found.rows == FURNITURE | {ANONYMISED: 1}
    assert counts(database_url) == {
        table: number - FURNITURE.get(table, 0) + (table == "AuditEntry") for table, number in before.items()
    }
    columns = 'email, name, "dodoCustomerId", "authIssuer", "authSubject", "isDeleted"'
    user = fetch(database_url, f'SELECT {columns} FROM "User" WHERE id = %s', gone)
    assert user == [(f"deleted-{gone}@invalid", None, None, None, None, True)]
    columns = 'type, "cardBrand", "lastFour", "expiryMonth", "expiryYear", "providerToken", "isDefault"'
    assert fetch(database_url, f'SELECT {columns}, "removedAt" IS NULL FROM "PaymentMethod"') == [
        ("credit_card", "visa", None, None, None, None, False, False)
    ]
    assert ids(database_url, "Invoice", "InvoiceItem", "PaymentMethod") >= {invoice, method}

    trash = await client.data("{ deletedUsers { totalCount nodes { id } } }", by=admin)
    refused = await change(client, "restoreUser", "user { id }", by=admin, id=gone)
    again = await purged(pool, settings)

    assert trash["deletedUsers"] == {"totalCount": 0, "nodes": []}
    assert faults(refused) == absent("id")
    assert +again.rows == {}
    assert counts(database_url)["AuditEntry"] == 1

"""Payment methods: one default whenever there are any, and never a card's number."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.billing.accounts import at, recorded, whole
from tests.writing.changes import absent, bad, change, faults
from zorbit.db import Database
from zorbit.errors import BadInput
from zorbit.services import payment_methods
from zorbit.services.values import Values

METHOD = "paymentMethod { id type cardBrand lastFour expiryMonth expiryYear isDefault removedAt }"
CARD: dict[str, Any] = {
    "type": "credit_card",
    "providerToken": "pm_1234567890",
    "cardBrand": "visa",
    "lastFour": "4242",
    "expiryMonth": 12,
    "expiryYear": 2199,
}


async def add(client: Client, by: UUID, **given: Any) -> Any:
    """The payload of adding a card."""
    return await change(client, "addPaymentMethod", METHOD, by=by, **CARD | given)


def methods(url: str, user: UUID, number: int, *, default: int | None = 0) -> list[UUID]:
    """So many methods of the user's, the oldest first."""
    return [
        insert(
            url,
            "PaymentMethod",
            userId=user,
            isDefault=index == default,
            createdAt=NOW - timedelta(days=number - index),
        )
        for index in range(number)
    ]


def defaults(url: str, user: UUID) -> list[UUID]:
    statement = 'SELECT id FROM "PaymentMethod" WHERE "userId" = %s AND "isDefault"'
    return [id for (id,) in fetch(url, statement, user)]


async def test_the_first_is_the_default_whatever_is_said(
    client: Client, database_url: str, user: UUID
) -> None:
    payload = await add(client, user, isDefault=False)

    made = payload["paymentMethod"]
    shown = {key: value for key, value in CARD.items() if key != "providerToken"}
    assert made == shown | {"id": made["id"], "isDefault": True, "removedAt": None}
    assert fetch(database_url, 'SELECT "userId", "providerToken" FROM "PaymentMethod"') == [
        (user, CARD["providerToken"])
    ]
    assert recorded(database_url) == [("addPaymentMethod", user, "PaymentMethod", user)]


async def test_a_later_one_is_the_default_if_it_is_meant_to_be(
    client: Client, database_url: str, user: UUID
) -> None:
    first = await add(client, user)
    second = await add(client, user)
    third = await add(client, user, isDefault=True)

    assert [payload["paymentMethod"]["isDefault"] for payload in (first, second, third)] == [
        True,
        False,
        True,
    ]
    assert defaults(database_url, user) == [UUID(third["paymentMethod"]["id"])]


async def test_what_is_no_card_needs_no_card(client: Client, user: UUID) -> None:
    given = {"type": "paypal", "providerToken": "ba_1"}

    omitted = await change(client, "addPaymentMethod", METHOD, by=user, **given)
    nothing = dict.fromkeys(("cardBrand", "lastFour", "expiryMonth", "expiryYear"))
    null = await change(client, "addPaymentMethod", METHOD, by=user, **given, **nothing)

    assert (omitted["userErrors"], null["userErrors"]) == ([], [])
    assert nothing.items() <= omitted["paymentMethod"].items()
    assert nothing.items() <= null["paymentMethod"].items()


async def test_everything_wrong_with_a_method_is_told_at_once(
    client: Client, database_url: str, user: UUID
) -> None:
    wrong = {
        "type": " ",
        "providerToken": "",
        "cardBrand": "x" * 301,
        "lastFour": "424",
        "expiryMonth": 13,
        "expiryYear": 1999,
        "isDefault": None,
    }

    payload = await add(client, user, **wrong)

    assert faults(payload) == bad(*wrong)
    assert payload["paymentMethod"] is None
    assert fetch(database_url, 'SELECT count(*) FROM "PaymentMethod"') == [(0,)]


async def test_a_card_is_described_as_cards_are(client: Client, user: UUID) -> None:
    for field, value in [
        ("lastFour", "42424"),
        ("lastFour", "424x"),
        ("lastFour", "٤٢٤٢"),
        ("lastFour", "4242\n"),
        ("expiryMonth", 0),
        ("expiryYear", 2201),
        ("expiryMonth", None),
        ("expiryYear", None),
        ("providerToken", "pm\0"),
    ]:
        assert faults(await add(client, user, **{field: value})) == bad(field)


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "card: 4242  4242\t4242 (visa)",
        "4242–4242–4242",  # noqa: RUF001 - en dashes
        "٤٢٤٢٤٢٤٢٤٢٤٢",
        "pm_123456789012",
    ],
)
async def test_a_number_is_kept_nowhere(client: Client, database_url: str, user: UUID, number: str) -> None:
    texts = ("providerToken", "cardBrand", "type")

    payload = await add(client, user, **dict.fromkeys(texts, number))

    assert faults(payload) == bad(*texts)
    assert [error for error in payload["userErrors"] if number in error["message"]] == []
    assert fetch(database_url, 'SELECT count(*) FROM "PaymentMethod"') == [(0,)]


async def test_eleven_digits_are_no_number(client: Client, user: UUID) -> None:
    payload = await add(client, user, providerToken="pm_12345678901x2")

    assert payload["userErrors"] == []


async def test_a_card_holds_until_its_month_is_over(user: UUID, database: Database) -> None:
    async def expiring(month: int, year: int) -> None:
        values = Values({"type": "card", "provider_token": "pm", "expiry_month": month, "expiry_year": year})
        async with database.write() as session:
            await payment_methods.add(session, user, values, at(2026, 3, 31, 23, 59))

    await expiring(3, 2026)
    await expiring(1, 2027)
    for month, year in [(2, 2026), (12, 2025)]:
        with pytest.raises(BadInput, match="expired") as refusal:
            await expiring(month, year)
        assert refusal.value.field == "input.expiryYear"


async def test_a_token_is_shown_nowhere(client: Client, database_url: str, user: UUID) -> None:
    ask = """
        mutation($input: AddPaymentMethodInput!) {
          addPaymentMethod(input: $input, idempotencyKey: "once") { paymentMethod { id } }
        }
    """
    for _ in range(2):
        await client.data(ask, {"input": CARD}, by=user)

    kept = (
        'SELECT to_jsonb(k)::text FROM "IdempotencyKey" k UNION SELECT to_jsonb(a)::text FROM "AuditEntry" a'
    )
    found = fetch(database_url, kept)
    assert len(found) == 2
    assert [text for (text,) in found if CARD["providerToken"] in text] == []
    assert fetch(database_url, 'SELECT count(*) FROM "PaymentMethod"') == [(1,)]
    fields = await client.data('{ __type(name: "PaymentMethod") { fields { name } } }', by=user)
    assert "providerToken" not in [field["name"] for field in fields["__type"]["fields"]]


async def test_the_newest_takes_the_place_of_a_removed_default(
    client: Client, database_url: str, user: UUID
) -> None:
    oldest, _, newest = methods(database_url, user, 3)
    invoice = insert(
        database_url, "Invoice", userId=user, paymentMethodId=oldest, status="paid", paidDate=NOW
    )

    payload = await change(client, "removePaymentMethod", METHOD, by=user, id=oldest)

    assert payload["paymentMethod"]["isDefault"] is False
    removed_at = datetime.fromisoformat(payload["paymentMethod"]["removedAt"])
    assert fetch(database_url, 'SELECT "removedAt" FROM "PaymentMethod" WHERE id = %s', oldest) == [
        (removed_at,)
    ]
    assert defaults(database_url, user) == [newest]
    own = "viewer { paymentMethods { totalCount } }"
    ask = f"query($id: ID!) {{ invoice(id: $id) {{ paymentMethod {{ id }} }} {own} }}"
    shown = await client.data(ask, {"id": str(invoice)}, by=user)
    assert shown == {
        "invoice": {"paymentMethod": {"id": str(oldest)}},
        "viewer": {"paymentMethods": {"totalCount": 2}},
    }


async def test_removing_another_leaves_the_default_and_removing_the_last_leaves_none(
    client: Client, database_url: str, user: UUID
) -> None:
    default, other = methods(database_url, user, 2)

    await change(client, "removePaymentMethod", METHOD, by=user, id=other)
    assert defaults(database_url, user) == [default]

    payload = await change(client, "removePaymentMethod", METHOD, by=user, id=default)
    assert payload["userErrors"] == []
    assert defaults(database_url, user) == []

    anew = await add(client, user)
    assert defaults(database_url, user) == [UUID(anew["paymentMethod"]["id"])]


async def test_another_becomes_the_default(client: Client, database_url: str, user: UUID) -> None:
    _, other = methods(database_url, user, 2)

    payload = await change(client, "setDefaultPaymentMethod", METHOD, by=user, id=other)
    again = await change(client, "setDefaultPaymentMethod", METHOD, by=user, id=other)

    assert (payload["paymentMethod"]["isDefault"], again["paymentMethod"]["isDefault"]) == (True, True)
    assert defaults(database_url, user) == [other]


@pytest.mark.parametrize("name", ["removePaymentMethod", "setDefaultPaymentMethod"])
async def test_a_removed_one_stays_removed(client: Client, database_url: str, user: UUID, name: str) -> None:
    methods(database_url, user, 1)
    removed = insert(database_url, "PaymentMethod", userId=user, removedAt=NOW)
    before = whole(database_url)

    payload = await change(client, name, METHOD, by=user, id=removed)

    assert faults(payload) == [("CONFLICT", "input.id")]
    assert payload["userErrors"][0]["current"] == {"id": str(removed)}
    assert whole(database_url) == before


@pytest.mark.parametrize("name", ["removePaymentMethod", "setDefaultPaymentMethod"])
async def test_anothers_is_not_there(client: Client, database_url: str, user: UUID, name: str) -> None:
    theirs = methods(database_url, insert(database_url, "User"), 2)
    admin = insert(database_url, "User", role="admin")
    before = whole(database_url)

    assert faults(await change(client, name, METHOD, by=user, id=theirs[1])) == absent("id")
    assert faults(await change(client, name, METHOD, by=user, id=uuid4())) == absent("id")
    assert whole(database_url) == before

    payload = await change(client, name, METHOD, by=admin, id=theirs[1])
    assert payload["userErrors"] == []
    assert [entry[:2] for entry in recorded(database_url)] == [(name, admin)]


async def test_of_ten_at_once_one_is_the_default(client: Client, database_url: str, user: UUID) -> None:
    found = methods(database_url, user, 10)

    async def write(index: int, id: UUID) -> Any:
        name = "removePaymentMethod" if index % 3 == 0 else "setDefaultPaymentMethod"
        return await change(client, name, METHOD, by=user, id=id)

    payloads = await asyncio.gather(*(write(index, id) for index, id in enumerate(found)))

    assert [payload["userErrors"] for payload in payloads] == [[]] * 10
    (default,) = defaults(database_url, user)
    assert found.index(default) % 3 != 0
    removed = fetch(database_url, 'SELECT id FROM "PaymentMethod" WHERE "removedAt" IS NOT NULL ORDER BY id')
    assert [id for (id,) in removed] == sorted(found[::3])


async def test_of_ten_first_ones_at_once_one_is_the_default(
    client: Client, database_url: str, user: UUID
) -> None:
    await asyncio.gather(*(add(client, user, isDefault=index % 2 == 0) for index in range(10)))

    assert len(defaults(database_url, user)) == 1
    assert fetch(database_url, 'SELECT count(*) FROM "PaymentMethod"') == [(10,)]

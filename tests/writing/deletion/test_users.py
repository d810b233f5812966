"""Deleting an account and restoring it: what ends with it, what does not come back, and the last admin."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.writing.changes import absent, change, faults
from tests.writing.waiting import until_waiting

LATER = NOW + timedelta(days=3)
RENEWAL = NOW + timedelta(days=27)
TRIAL_END = NOW + timedelta(days=5)
ENDED = NOW + timedelta(days=9)
DELETED = "deletedId trashEntry { type id title }"
VIEWER = (
    f"mutation ($key: String) {{ deleteViewer(idempotencyKey: $key) {{ {DELETED} userErrors {{ code }} }} }}"
)


@pytest.fixture
def user(database_url: str) -> UUID:
    return insert(database_url, "User", email="ada@example.com")


def subscribed(url: str, user: UUID, **values: Any) -> UUID:
    """A subscription to a plan that is to give way to another."""
    plan, next_plan = insert(url, "Plan"), insert(url, "Plan")
    insert(url, "Subscription", userId=user, planId=plan, nextPlanId=next_plan, **values)
    return plan


def is_deleted(url: str, *users: UUID) -> list[bool]:
    return [fetch(url, 'SELECT "isDeleted" FROM "User" WHERE id = %s', user)[0][0] for user in users]


def ending(url: str) -> list[tuple[Any, ...]]:
    return fetch(
        url,
        'SELECT status, "endDate", "canceledAt" IS NOT NULL, "nextPlanId" IS NOT NULL FROM "Subscription"',
    )


async def delete(client: Client, id: UUID, by: UUID) -> Any:
    return await change(client, "deleteUser", DELETED, by=by, id=id)


async def restore(client: Client, id: UUID, by: UUID) -> Any:
    shown = "user { id email } userErrors { ... on Conflict { current { ... on User { email } } } }"
    return await change(client, "restoreUser", shown, by=by, id=id)


async def test_an_admin_deletes_a_user_and_what_is_theirs_is_hidden_and_restores_them(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    thread = insert(database_url, "Thread", userId=user)
    single = insert(database_url, "Post", userId=user, isDeleted=True)
    ask = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = {"ids": [str(id) for id in (user, thread, single)]}

    deleted = await delete(client, user, admin)

    entry = {"type": "USER", "id": str(user), "title": "ada@example.com"}
    assert deleted == {"deletedId": str(user), "trashEntry": entry, "userErrors": []}
    assert (await client.data(ask, ids, by=admin))["nodes"] == [None] * 3
    refused = await client.post("{ viewer { id } }", authorization=f"Bearer {client.token(user)}")
    assert refused.status_code == 401

    restored = await restore(client, user, admin)

    assert restored == {"user": {"id": str(user), "email": "ada@example.com"}, "userErrors": []}
    nodes = (await client.data(ask, ids, by=admin))["nodes"]
    assert nodes == [{"id": str(user)}, {"id": str(thread)}, None]
    assert await client.data("{ viewer { id } }", by=user) == {"viewer": {"id": str(user)}}
    assert fetch(
        database_url, 'SELECT action, "actorId", "subjectId", "userId" FROM "AuditEntry" ORDER BY id'
    ) == [("deleteUser", admin, user, user), ("restoreUser", admin, user, user)]


async def test_deleting_a_user_unschedules_every_post_that_is_not_posted(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan"))
    paid, unpaid, posted, other = (
        insert(database_url, "Post", userId=owner, published=True)
        for owner in (user, user, user, insert(database_url, "User"))
    )
    for post in (paid, posted):
        given = {"id": post, "scheduledOn": LATER.isoformat()}
        assert faults(await change(client, "schedulePost", "post { id }", by=user, **given)) == []
    for post in (unpaid, other):
        execute(database_url, 'UPDATE "Post" SET "scheduledOn" = %s WHERE id = %s', LATER, post)
    address = "https://www.linkedin.com/feed/1"
    await change(client, "markPostPublished", "post { id }", by=user, id=posted, linkedinUrl=address)

    await delete(client, user, admin)
    await restore(client, user, admin)

    found = dict(fetch(database_url, 'SELECT id, "scheduledOn" FROM "Post"'))
    assert found == {paid: None, unpaid: None, posted: LATER, other: LATER}
    assert fetch(database_url, 'SELECT used FROM "UsageQuota"') == [(1,)]
    amounts = fetch(database_url, 'SELECT "subjectId", sum(amount)::int FROM "UsageLog" GROUP BY 1')
    assert dict(amounts) == {paid: 0, posted: 1}
    assert fetch(database_url, 'SELECT count(*) FROM "Post" WHERE published') == [(4,)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"status": "active"}, ("canceled", RENEWAL, True, False)),
        ({"status": "past_due"}, ("canceled", RENEWAL, True, False)),
        ({"status": "trialing", "trialEndsAt": TRIAL_END}, ("canceled", TRIAL_END, True, False)),
        ({"status": "active", "trialEndsAt": NOW - timedelta(days=9)}, ("canceled", RENEWAL, True, False)),
        ({"status": "canceled", "endDate": ENDED, "canceledAt": NOW}, ("canceled", ENDED, True, True)),
        ({"status": "expired"}, ("expired", None, False, True)),
    ],
)
async def test_a_deleted_users_subscription_ends_with_its_period_and_is_not_resumed(
    client: Client, database_url: str, admin: UUID, user: UUID, values: Any, expected: Any
) -> None:
    subscribed(database_url, user, **values)

    await delete(client, user, admin)

    assert ending(database_url) == [expected]
    assert faults(await restore(client, user, admin)) == []
    assert ending(database_url) == [expected]


@pytest.mark.parametrize("status", ["active", "expired"])
async def test_a_deleted_users_open_offers_are_void(
    client: Client, database_url: str, admin: UUID, user: UUID, status: str
) -> None:
    plan = subscribed(database_url, user, status=status)
    stranger = insert(database_url, "User")
    offer = insert(database_url, "Invoice", userId=user, planId=plan)
    debt = insert(database_url, "Invoice", userId=user)
    paid = insert(database_url, "Invoice", userId=user, planId=plan, status="paid", paidDate=NOW)
    other = insert(database_url, "Invoice", userId=stranger, planId=plan)

    await delete(client, user, admin)

    found = dict(fetch(database_url, 'SELECT id, status FROM "Invoice"'))
    assert found == {offer: "void", debt: "open", paid: "paid", other: "open"}


async def test_only_admins_delete_and_restore_users(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    stranger = insert(database_url, "User")
    ask = "mutation ($id: ID!) { %s(input: {id: $id}) { userErrors { code } } }"

    for name in ("deleteUser", "restoreUser"):
        answer = await client.run(ask % name, {"id": str(user)}, by=stranger)
        assert answer["data"] is None
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    assert is_deleted(database_url, user) == [False]
    assert faults(await delete(client, uuid4(), admin)) == absent("id")
    assert faults(await restore(client, user, admin)) == absent("id")
    await delete(client, user, admin)
    assert faults(await delete(client, user, admin)) == absent("id")


async def test_the_last_admin_is_not_deleted(client: Client, database_url: str, admin: UUID) -> None:
    insert(database_url, "User", role="admin", isDeleted=True)

    assert faults(await delete(client, admin, admin)) == [("LAST_ADMIN", "input.id")]
    own = (await client.data(VIEWER, by=admin))["deleteViewer"]

    assert own == {"deletedId": None, "trashEntry": None, "userErrors": [{"code": "LAST_ADMIN"}]}
    assert is_deleted(database_url, admin) == [False]
    other = insert(database_url, "User", role="admin")
    assert faults(await delete(client, admin, other)) == []


async def test_a_caller_deletes_their_own_account_and_is_not_answered_any_more(
    client: Client, database_url: str, user: UUID
) -> None:
    subscribed(database_url, user)

    answer = (await client.data(VIEWER, {"key": "once"}, by=user))["deleteViewer"]

    assert answer == {"deletedId": str(user), "trashEntry": None, "userErrors": []}
    assert is_deleted(database_url, user) == [True]
    assert ending(database_url) == [("canceled", RENEWAL, True, False)]
    authorization = f"Bearer {client.token(user)}"
    again = await client.post(VIEWER, {"key": "once"}, authorization=authorization)
    assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_an_admin_who_deletes_the_own_account_is_shown_where_it_lies(
    client: Client, database_url: str, admin: UUID
) -> None:
    other = insert(database_url, "User", role="admin", email="root@example.com")

    answer = (await client.data(VIEWER, by=other))["deleteViewer"]

    entry = {"type": "USER", "id": str(other), "title": "root@example.com"}
    assert answer == {"deletedId": str(other), "trashEntry": entry, "userErrors": []}
    assert is_deleted(database_url, admin, other) == [False, True]


async def test_a_user_whose_address_is_taken_is_not_restored(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    await delete(client, user, admin)
    insert(database_url, "User", email="Ada@Example.com")

    refused = await restore(client, user, admin)

    assert faults(refused) == [("CONFLICT", "email")]
    assert refused["userErrors"][0]["current"]["email"] == "Ada@Example.com"
    assert is_deleted(database_url, user) == [True]


async def test_an_address_that_is_taken_while_its_user_is_being_restored_is_a_conflict(
    client: Client, database_url: str, admin: UUID, user: UUID
) -> None:
    await delete(client, user, admin)
    with psycopg.connect(database_url) as rival:
        # Not yet committed: the look at the address finds nobody, the index waits.
        rival.execute("""INSERT INTO "User" (id, email) VALUES (gen_random_uuid(), 'ADA@example.com')""")
        restoring = asyncio.create_task(restore(client, user, admin))
        await until_waiting(database_url, 1)
        rival.commit()
        refused = await restoring

    assert faults(refused) == [("CONFLICT", "email")]
    assert refused["userErrors"][0]["current"]["email"] == "ADA@example.com"
    assert is_deleted(database_url, user) == [True]


async def test_of_two_deleted_users_with_one_address_one_is_restored(
    client: Client, database_url: str, admin: UUID
) -> None:
    for number in range(5):
        email = f"one{number}@example.com"
        pair = [insert(database_url, "User", email=email, isDeleted=True) for _ in range(2)]

        answers = await asyncio.gather(*(restore(client, user, admin) for user in pair))

        assert sorted(map(faults, answers)) == [[], [("CONFLICT", "email")]]
        assert sorted(is_deleted(database_url, *pair)) == [False, True]


async def test_of_two_admins_who_delete_each_other_one_is_left(client: Client, database_url: str) -> None:
    ask = "mutation ($id: ID!) { deleteUser(input: {id: $id}) { deletedId userErrors { code } } }"
    left = insert(database_url, "User", role="admin")

    for _ in range(20):
        pair = [left, insert(database_url, "User", role="admin")]
        answers = await asyncio.gather(
            *(
                client.post(ask, {"id": str(other)}, authorization=f"Bearer {client.token(admin)}")
                for admin, other in (pair, pair[::-1])
            )
        )

        gone = is_deleted(database_url, *pair)
        assert sorted(gone) == [False, True]
        assert [answer.json().get("data") for answer in answers].count(
            {"deleteUser": {"deletedId": str(pair[gone.index(True)]), "userErrors": []}}
        ) == 1
        left = pair[gone.index(False)]


async def test_of_two_admins_who_leave_at_once_one_stays(client: Client, database_url: str) -> None:
    for _ in range(5):
        pair = [insert(database_url, "User", role="admin") for _ in range(2)]

        answers = await asyncio.gather(*(client.data(VIEWER, by=admin) for admin in pair))

        codes = [faults for answer in answers for faults in answer["deleteViewer"]["userErrors"]]
        assert codes == [{"code": "LAST_ADMIN"}]
        assert sorted(is_deleted(database_url, *pair)) == [False, True]
        execute(database_url, 'UPDATE "User" SET "isDeleted" = true')

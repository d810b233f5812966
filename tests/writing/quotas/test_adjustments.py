"""Adjusting a quota: an admin sets the current cycle's limit, and the audit trail keeps why."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.changes import LATER, absent, bad, change, faults, trail

QUOTA = "quota { type used limit remaining resetsAt } usageQuota { id used limit }"


async def adjust(client: Client, by: UUID, user: UUID | str, limit: int, **given: Any) -> Any:
    """The payload of adjusting a quota, of POST_SCHEDULING unless told otherwise."""
    whole = {"userId": user, "type": "POST_SCHEDULING", "limit": limit, "reason": "A favour."} | given
    return await change(client, "adjustQuota", QUOTA, by=by, **whole)


def quotas(url: str) -> list[tuple[Any, ...]]:
    """Every stored quota, and the sum of its entries."""
    sums = 'SELECT coalesce(sum(amount), 0)::int FROM "UsageLog" WHERE "quotaId" = q.id'
    return fetch(url, f'SELECT "userId", type, used, "limit", ({sums}) FROM "UsageQuota" q ORDER BY q.id')


async def test_a_limit_is_set_and_what_is_used_stays(
    client: Client, database_url: str, admin: UUID, subscriber: UUID
) -> None:
    quota = insert(database_url, "UsageQuota", userId=subscriber, type="post_scheduling", used=5, limit=30)
    insert(database_url, "UsageLog", quotaId=quota, userId=str(subscriber), type="post_scheduling", amount=5)

    payload = await adjust(client, admin, subscriber, 40)

    assert payload["userErrors"] == []
    ends = (NOW + timedelta(days=27)).isoformat().replace("+00:00", "Z")
    state = {"type": "POST_SCHEDULING", "used": 5, "limit": 40, "remaining": 35, "resetsAt": ends}
    assert payload["quota"] == state
    assert payload["usageQuota"] == {"id": str(quota), "used": 5, "limit": 40}
    assert quotas(database_url) == [(subscriber, "post_scheduling", 5, 40, 5)]
    details = {"type": "POST_SCHEDULING", "limit": [30, 40], "reason": "A favour."}
    assert trail(database_url) == [("adjustQuota", admin, "UsageQuota", quota, subscriber, details)]


async def test_a_cycle_without_use_is_begun(
    client: Client, database_url: str, admin: UUID, subscriber: UUID
) -> None:
    for is_deleted in (False, False, True):
        insert(database_url, "Persona", userId=subscriber, isDeleted=is_deleted)

    scheduling = await adjust(client, admin, subscriber, 7)
    personas = await adjust(client, admin, subscriber, 3, type="PERSONA")

    assert (scheduling["quota"]["used"], scheduling["quota"]["limit"]) == (0, 7)
    assert (personas["quota"]["used"], personas["quota"]["limit"]) == (2, 3)
    assert quotas(database_url) == [
        (subscriber, "post_scheduling", 0, 7, 0),
        (subscriber, "persona", 2, 3, 2),
    ]
    assert fetch(database_url, 'SELECT description, amount FROM "UsageLog"') == [("carried over", 2)]
    assert [act[-1]["limit"] for act in trail(database_url)] == [[30, 7], [10, 3]]


async def test_below_what_is_used_nothing_more_is_spent(
    client: Client, database_url: str, admin: UUID, subscriber: UUID
) -> None:
    first, second = (insert(database_url, "Post", userId=subscriber) for _ in range(2))
    await change(client, "schedulePost", "post { id }", by=subscriber, id=first, scheduledOn=LATER)

    lowered = await adjust(client, admin, subscriber, 0)
    refused = await change(client, "schedulePost", "post { id }", by=subscriber, id=second, scheduledOn=LATER)
    raised = await adjust(client, admin, subscriber, 2)
    spent = await change(client, "schedulePost", "post { id }", by=subscriber, id=second, scheduledOn=LATER)

    assert (lowered["quota"]["used"], lowered["quota"]["remaining"]) == (1, 0)
    assert faults(refused) == [("QUOTA_EXHAUSTED", None)]
    assert (raised["quota"]["used"], raised["quota"]["remaining"]) == (1, 1)
    assert spent["userErrors"] == []
    assert quotas(database_url) == [(subscriber, "post_scheduling", 2, 2, 2)]


@pytest.mark.parametrize("limit", [0, 1_000_000_000])
async def test_the_ends_of_what_may_be_set(
    client: Client, database_url: str, admin: UUID, subscriber: UUID, limit: int
) -> None:
    payload = await adjust(client, admin, subscriber, limit, reason="r" * 1000)

    assert payload["userErrors"] == []
    assert quotas(database_url) == [(subscriber, "post_scheduling", 0, limit, 0)]


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"limit": -1}, ["limit"]),
        ({"limit": 1_000_000_001}, ["limit"]),
        ({"reason": ""}, ["reason"]),
        ({"reason": " \n"}, ["reason"]),
        ({"reason": "r" * 1001}, ["reason"]),
        ({"reason": "r\0"}, ["reason"]),
        ({"userId": "1"}, ["userId"]),
        ({"userId": "1", "limit": -1, "reason": ""}, ["limit", "reason", "userId"]),
    ],
)
async def test_what_may_not_be_set_is_told_at_once(
    client: Client, database_url: str, admin: UUID, subscriber: UUID, given: dict[str, Any], fields: list[str]
) -> None:
    payload = await change(
        client,
        "adjustQuota",
        QUOTA,
        by=admin,
        **{"userId": subscriber, "type": "PERSONA", "limit": 1, "reason": "A favour."} | given,
    )

    assert faults(payload) == bad(*fields)
    assert payload["quota"] is None
    assert (quotas(database_url), trail(database_url)) == ([], [])


async def test_what_is_limited_and_why_must_be_said(client: Client, admin: UUID, subscriber: UUID) -> None:
    whole = {"userId": str(subscriber), "type": "PERSONA", "limit": 1, "reason": "A favour."}
    ask = "mutation($input: AdjustQuotaInput!) { adjustQuota(input: $input) { quota { used } } }"

    for name in whole:
        for given in ({key: whole[key] for key in whole if key != name}, whole | {name: None}):
            response = await client.post(ask, {"input": given}, authorization=f"Bearer {client.token(admin)}")

            assert "data" not in response.json()
            assert name in response.json()["errors"][0]["message"]


async def test_who_is_not_there_has_no_quota(client: Client, database_url: str, admin: UUID) -> None:
    deleted = insert(database_url, "User", isDeleted=True)
    insert(database_url, "Subscription", userId=deleted, planId=insert(database_url, "Plan"))

    payloads = [await adjust(client, admin, user, 1) for user in (deleted, uuid4())]

    assert [faults(payload) for payload in payloads] == [absent("userId")] * 2
    assert quotas(database_url) == []


@pytest.mark.parametrize("begun", [True, False])
async def test_without_a_subscription_that_holds_there_is_nothing_to_adjust(
    client: Client, database_url: str, admin: UUID, begun: bool
) -> None:
    plan = insert(database_url, "Plan")
    lapsed, never = (insert(database_url, "User") for _ in range(2))
    insert(database_url, "Subscription", userId=lapsed, planId=plan, status="expired")
    if begun:
        insert(database_url, "UsageQuota", userId=lapsed, type="post_scheduling", limit=30)
    before = quotas(database_url)

    payloads = [await adjust(client, admin, user, 40) for user in (lapsed, never)]

    assert [faults(payload) for payload in payloads] == [[("SUBSCRIPTION_REQUIRED", None)]] * 2
    assert (quotas(database_url), trail(database_url)) == (before, [])


@pytest.mark.parametrize("role", ["user", "service", None])
async def test_only_admins_adjust(
    client: Client, database_url: str, subscriber: UUID, role: str | None
) -> None:
    by = None if role is None else subscriber if role == "user" else insert(database_url, "User", role=role)
    ask = "mutation($input: AdjustQuotaInput!) { adjustQuota(input: $input) { quota { used } } }"
    given = {"userId": str(subscriber), "type": "PERSONA", "limit": 1, "reason": "Mine."}

    answer = await client.run(ask, {"input": given}, by=by)

    assert answer["errors"][0]["extensions"]["code"] == ("UNAUTHENTICATED" if by is None else "FORBIDDEN")
    assert quotas(database_url) == []


async def test_sent_again_it_is_recorded_once(
    client: Client, database_url: str, admin: UUID, subscriber: UUID
) -> None:
    ask = f"""mutation($input: AdjustQuotaInput!) {{
        adjustQuota(input: $input, idempotencyKey: "once") {{ {QUOTA} userErrors {{ code }} }}
    }}"""
    given = {"userId": str(subscriber), "type": "PERSONA", "limit": 1, "reason": "A favour."}

    answers = [await client.data(ask, {"input": given}, by=admin) for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0]["adjustQuota"]["userErrors"] == []
    assert len(trail(database_url)) == 1


async def test_spenders_and_admins_at_once_keep_the_sums(
    client: Client, database_url: str, admin: UUID, subscriber: UUID
) -> None:
    posts = [insert(database_url, "Post", userId=subscriber) for _ in range(12)]

    spent, adjusted = await asyncio.gather(
        asyncio.gather(
            *(
                change(client, "schedulePost", "post { id }", by=subscriber, id=post, scheduledOn=LATER)
                for post in posts
            )
        ),
        asyncio.gather(*(adjust(client, admin, subscriber, limit) for limit in (5, 5, 5, 5))),
    )

    # Whoever comes before the first adjustment finds the plan's 30.
    paid = [payload for payload in spent if payload["post"]]
    assert [faults(payload) for payload in adjusted] == [[]] * 4
    assert {tuple(faults(payload)) for payload in spent} <= {(), (("QUOTA_EXHAUSTED", None),)}
    assert 5 <= len(paid) <= 12
    assert quotas(database_url) == [(subscriber, "post_scheduling", len(paid), 5, len(paid))]
    assert [act[-1]["limit"] for act in trail(database_url)] == [[30, 5], [5, 5], [5, 5], [5, 5]]

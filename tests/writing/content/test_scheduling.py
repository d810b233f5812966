"""Scheduling: who may, when, what it costs, and who wins."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.changes import LATER, faults, used
from tests.writing.content.schedules import ADDRESS, POST, QUOTA, act, stored

LATER_STILL = "2099-02-28T09:00:00+02:00"


async def test_scheduling_makes_a_draft_ready_and_spends_one(
    client: Client, database_url: str, owner: UUID
) -> None:
    post = insert(database_url, "Post", userId=owner)

    payload = await act(client, "schedulePost", owner, f"{POST} {QUOTA}", id=post, scheduledOn=LATER)

    assert payload["userErrors"] == []
    assert payload["post"]["status"] == "SCHEDULED"
    assert payload["post"]["scheduledOn"] == LATER
    assert payload["quota"] == {"type": "POST_SCHEDULING", "used": 1, "limit": 2}
    assert used(database_url, owner, "post_scheduling") == [(1, 1)]


async def test_rescheduling_is_free_and_unscheduling_gives_back(
    client: Client, database_url: str, owner: UUID
) -> None:
    post = insert(database_url, "Post", userId=owner)
    await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)

    moved = await act(client, "reschedulePost", owner, id=post, scheduledOn=LATER_STILL)
    freed = await act(client, "unschedulePost", owner, f"{POST} {QUOTA} refunded", id=post)

    assert moved["post"]["scheduledOn"] == "2099-02-28T07:00:00Z"
    assert freed["post"]["status"] == "READY"
    assert (freed["refunded"], freed["quota"]["used"]) == (True, 0)
    assert used(database_url, owner, "post_scheduling") == [(0, 0)]


async def test_nothing_is_given_back_after_the_cycle_of_the_spend(
    client: Client, database_url: str, owner: UUID
) -> None:
    post = insert(database_url, "Post", userId=owner)
    await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)
    month = """"billingCycleStart" = "billingCycleStart" - interval '1 month',
        "billingCycleEnd" = now() - interval '1 second', "resetDate" = now() - interval '1 second'"""
    execute(database_url, f'UPDATE "UsageQuota" SET {month}')

    freed = await act(client, "unschedulePost", owner, f"{POST} {QUOTA} refunded", id=post)

    assert freed["post"]["status"] == "READY"
    assert (freed["refunded"], freed["quota"]["used"]) == (False, 0)
    assert used(database_url, owner, "post_scheduling") == [(1, 1)]


async def test_an_exhausted_quota_schedules_nothing(client: Client, database_url: str, owner: UUID) -> None:
    first, second, third = (insert(database_url, "Post", userId=owner) for _ in range(3))
    for post in (first, second):
        await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)
    ask = f"""
        mutation($input: SchedulePostInput!) {{ schedulePost(input: $input) {{
          post {{ id }} userErrors {{ code ... on QuotaExhausted {{ {QUOTA} resetsAt }} }} }} }}
    """

    payload = await client.data(ask, {"input": {"id": str(third), "scheduledOn": LATER}}, by=owner)

    (error,) = payload["schedulePost"]["userErrors"]
    assert payload["schedulePost"]["post"] is None
    assert error["code"] == "QUOTA_EXHAUSTED"
    assert error["quota"] == {"type": "POST_SCHEDULING", "used": 2, "limit": 2}
    assert error["resetsAt"] is not None
    assert stored(database_url, third) == (None, False, False, None)
    assert used(database_url, owner, "post_scheduling") == [(2, 2)]


async def test_without_a_subscription_plans_are_offered(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Plan", name="Retired", isActive=False)
    insert(database_url, "Plan", name="Dear", price="99.00")
    insert(database_url, "Plan", name="Cheap", price="9.00")
    post = insert(database_url, "Post", userId=user)
    ask = """
        mutation($input: SchedulePostInput!) { schedulePost(input: $input) {
          userErrors { code ... on SubscriptionRequired { plans { name } } } } }
    """

    payload = await client.data(ask, {"input": {"id": str(post), "scheduledOn": LATER}}, by=user)

    (error,) = payload["schedulePost"]["userErrors"]
    assert error == {"code": "SUBSCRIPTION_REQUIRED", "plans": [{"name": "Cheap"}, {"name": "Dear"}]}
    assert stored(database_url, post) == (None, False, False, None)


@pytest.mark.parametrize("when", ["2020-01-01T00:00:00Z", "now"])
async def test_a_time_that_is_past_is_refused(
    client: Client, database_url: str, owner: UUID, when: str
) -> None:
    post = insert(database_url, "Post", userId=owner)
    at = datetime.now(UTC).isoformat() if when == "now" else when

    payload = await act(client, "schedulePost", owner, id=post, scheduledOn=at)

    assert faults(payload) == [("BAD_USER_INPUT", "input.scheduledOn")]
    assert used(database_url, owner, "post_scheduling") == []


@pytest.mark.parametrize(
    ("content", "type", "allowed"),
    [
        ("x" * 3000, "post", True),
        ("x" * 3001, "post", False),
        ("🙂" * 1500, "post", True),
        ("🙂" * 1501, "post", False),
        ("x" * 3001, "post_stack", True),
        (" \n", "post", False),
    ],
)
async def test_a_text_that_linkedin_would_not_take_is_not_scheduled(
    client: Client, database_url: str, owner: UUID, content: str, type: str, allowed: bool
) -> None:
    post = insert(database_url, "Post", userId=owner, content=content, type=type)

    payload = await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)

    assert faults(payload) == ([] if allowed else [("BAD_USER_INPUT", "input.id")])
    assert (stored(database_url, post)[0] is not None) is allowed


async def test_each_state_refuses_what_does_not_fit_it(
    client: Client, database_url: str, owner: UUID
) -> None:
    draft = insert(database_url, "Post", userId=owner)
    scheduled = insert(database_url, "Post", userId=owner, scheduledOn=LATER, published=True)
    posted = insert(
        database_url,
        "Post",
        userId=owner,
        published=True,
        isPostedOnLinkedin=True,
        linkedinUrl=ADDRESS,
        linkedinPostedAt=datetime.now(UTC),
    )
    asked = [
        ("schedulePost", scheduled, {"scheduledOn": LATER}),
        ("schedulePost", posted, {"scheduledOn": LATER}),
        ("reschedulePost", draft, {"scheduledOn": LATER}),
        ("reschedulePost", posted, {"scheduledOn": LATER}),
        ("unschedulePost", draft, {}),
        ("unschedulePost", posted, {}),
        ("unpublishPost", scheduled, {}),
        ("unpublishPost", posted, {}),
        ("updatePost", posted, {"content": "Other words."}),
        ("updatePost", posted, {"type": "IDEA"}),
    ]
    before = fetch(database_url, 'SELECT * FROM "Post" ORDER BY id')

    payloads = [await act(client, name, owner, id=id, **given) for name, id, given in asked]

    for (_, id, _), payload in zip(asked, payloads, strict=True):
        (error,) = payload["userErrors"]
        assert (error["code"], error["current"]) == ("CONFLICT", {"id": str(id)})
    assert fetch(database_url, 'SELECT * FROM "Post" ORDER BY id') == before
    assert used(database_url, owner, "post_scheduling") == []


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"content": " \n"}, "content"),
        ({"content": "x" * 3001}, "content"),
        ({"type": "POST"}, "content"),
        ({"content": "After.", "title": None}, None),
        ({"title": "After"}, None),
    ],
)
async def test_what_is_scheduled_stays_what_linkedin_would_take(
    client: Client, database_url: str, owner: UUID, edit: dict[str, Any], field: str | None
) -> None:
    longer = {"type": "post_stack", "content": "x" * 3001} if "type" in edit else {}
    post, draft = (insert(database_url, "Post", userId=owner, **longer) for _ in range(2))
    await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)
    content = 'SELECT content, type FROM "Post" WHERE id = %s'
    before = fetch(database_url, content, post)

    edited = await act(client, "updatePost", owner, id=post, **edit)
    emptied = await act(client, "updatePost", owner, id=draft, content=" \n")

    assert faults(edited) == ([] if field is None else [("BAD_USER_INPUT", f"input.{field}")])
    assert (fetch(database_url, content, post) == before) is (edit.get("content") != "After.")
    assert stored(database_url, post)[0] is not None
    assert emptied["userErrors"] == []


async def test_a_missed_post_is_due_again_when_it_is_rescheduled(
    client: Client, database_url: str, owner: UUID
) -> None:
    missed = datetime.now(UTC) - timedelta(days=2)
    post = insert(database_url, "Post", userId=owner, published=True, scheduledOn=missed)

    payload = await act(client, "reschedulePost", owner, id=post, scheduledOn=LATER)

    assert payload["post"]["scheduledOn"] == LATER


async def test_of_many_who_schedule_one_post_one_pays(client: Client, database_url: str, owner: UUID) -> None:
    post = insert(database_url, "Post", userId=owner)

    payloads = await asyncio.gather(
        *(act(client, "schedulePost", owner, id=post, scheduledOn=LATER) for _ in range(10))
    )

    winners = [payload for payload in payloads if not payload["userErrors"]]
    assert len(winners) == 1
    assert {error["code"] for payload in payloads for error in payload["userErrors"]} <= {
        "CONFLICT",
        "QUOTA_EXHAUSTED",
    }
    assert used(database_url, owner, "post_scheduling") == [(1, 1)]


async def test_of_editing_unscheduling_and_posting_at_once_none_is_lost(
    client: Client, database_url: str, owner: UUID
) -> None:
    service = insert(database_url, "User", role="service")
    for _ in range(10):
        post = insert(database_url, "Post", userId=owner, content="Before.")
        scheduled = await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)
        read = scheduled["post"]["updatedAt"]

        edited, freed, marked = await asyncio.gather(
            act(client, "updatePost", owner, id=post, content="After.", ifUpdatedAt=read),
            act(client, "unschedulePost", owner, "refunded", id=post),
            act(client, "markPostPublished", service, id=post, linkedinUrl=ADDRESS),
        )

        ((content, at, is_posted),) = fetch(
            database_url,
            'SELECT content, "scheduledOn", "isPostedOnLinkedin" FROM "Post" WHERE id = %s',
            post,
        )
        assert marked["userErrors"] == []
        assert is_posted
        assert (content == "After.") == (edited["userErrors"] == [])
        assert (at is None) == (freed["userErrors"] == [])
        assert faults(edited) in (
            [],
            [("CONFLICT", "input.ifUpdatedAt")],
            [("CONFLICT", "input.id")],
        )
        execute(database_url, 'DELETE FROM "UsageQuota"')

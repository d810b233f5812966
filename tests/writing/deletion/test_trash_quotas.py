"""What deleting gives back, and what restoring costs."""

from datetime import timedelta
from uuid import UUID

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.writing.changes import change, faults, used
from tests.writing.deletion.desk import Desk, delete, flags, restore

PAID = "refunded quota { type used limit }"
LATER = NOW + timedelta(days=3)


async def test_a_scheduled_post_is_unscheduled_and_gives_back_what_it_cost(
    client: Client, desk: Desk
) -> None:
    post = desk.rows["post"]
    await change(client, "schedulePost", "post { id }", by=desk.owner, id=post, scheduledOn=LATER.isoformat())

    deleted = await delete(client, "post", post, desk.owner, PAID)

    assert deleted["refunded"] is True
    assert deleted["quota"] == {"type": "POST_SCHEDULING", "used": 0, "limit": 2}
    assert used(desk.url, desk.owner, "post_scheduling") == [(0, 0)]

    restored = await restore(client, "post", post, desk.owner, "post { status scheduledOn published }")

    assert restored["post"] == {"status": "READY", "scheduledOn": None, "published": True}
    again = await delete(client, "post", post, desk.owner, PAID)
    assert again["refunded"] is False
    assert used(desk.url, desk.owner, "post_scheduling") == [(0, 0)]


async def test_what_was_spent_in_an_earlier_cycle_is_not_given_back(client: Client, desk: Desk) -> None:
    post = desk.rows["post"]
    await change(client, "schedulePost", "post { id }", by=desk.owner, id=post, scheduledOn=LATER.isoformat())
    execute(
        desk.url,
        'UPDATE "UsageQuota" SET "billingCycleStart" = %s, "billingCycleEnd" = %s, "resetDate" = %s',
        NOW - timedelta(days=33),
        NOW - timedelta(days=3),
        NOW - timedelta(days=3),
    )

    deleted = await delete(client, "post", post, desk.owner, PAID)

    assert deleted["refunded"] is False
    assert deleted["quota"] == {"type": "POST_SCHEDULING", "used": 0, "limit": 2}
    assert used(desk.url, desk.owner, "post_scheduling") == [(1, 1)]
    assert fetch(desk.url, 'SELECT "scheduledOn" FROM "Post" WHERE id = %s', post) == [(None,)]


async def test_a_posted_post_stays_posted_and_is_not_given_back(client: Client, desk: Desk) -> None:
    post, address = desk.rows["post"], "https://www.linkedin.com/feed/1"
    await change(client, "schedulePost", "post { id }", by=desk.owner, id=post, scheduledOn=LATER.isoformat())
    await change(client, "markPostPublished", "post { id }", by=desk.owner, id=post, linkedinUrl=address)

    deleted = await delete(client, "post", post, desk.owner, PAID)
    restored = await restore(client, "post", post, desk.owner, "post { status linkedinUrl }")

    assert deleted["refunded"] is False
    assert restored["post"] == {"status": "POSTED", "linkedinUrl": address}
    assert used(desk.url, desk.owner, "post_scheduling") == [(1, 1)]


async def test_a_persona_gives_its_place_back_and_takes_one_again(client: Client, desk: Desk) -> None:
    old = desk.rows["persona"]
    made = await change(
        client, "createPersona", "persona { id }", by=desk.owner, name="New", defaultPrompt="P"
    )
    new = UUID(made["persona"]["id"])

    # The old one counts as carried over into the cycle, the new one was spent in it.
    for left, persona in ((1, old), (0, new)):
        deleted = await delete(client, "persona", persona, desk.owner, PAID)
        assert deleted["refunded"] is True
        assert deleted["quota"] == {"type": "PERSONA", "used": left, "limit": 3}
    for count, persona in ((1, old), (2, new)):
        restored = await restore(client, "persona", persona, desk.owner, "persona { id } quota { used }")
        assert restored["quota"] == {"used": count}
    assert used(desk.url, desk.owner, "persona") == [(2, 2)]

    deleted = await delete(client, "persona", old, desk.owner, PAID)

    assert (deleted["refunded"], deleted["quota"]["used"]) == (True, 1)
    assert used(desk.url, desk.owner, "persona") == [(1, 1)]


async def test_the_first_persona_restored_in_a_cycle_is_counted_once(client: Client, desk: Desk) -> None:
    deleted = insert(desk.url, "Persona", userId=desk.owner, isDeleted=True)

    restored = await restore(client, "persona", deleted, desk.owner, "quota { used limit }")

    assert restored == {"quota": {"used": 2, "limit": 3}, "userErrors": []}
    assert used(desk.url, desk.owner, "persona") == [(2, 2)]


async def test_a_persona_without_a_free_place_is_not_restored(client: Client, desk: Desk) -> None:
    for _ in range(2):
        insert(desk.url, "Persona", userId=desk.owner)
    deleted = insert(desk.url, "Persona", userId=desk.owner, isDeleted=True)
    shown = "persona { id } quota { used } userErrors { ... on QuotaExhausted { quota { type used limit } } }"

    refused = await restore(client, "persona", deleted, desk.owner, shown)

    assert faults(refused) == [("QUOTA_EXHAUSTED", None)]
    assert refused["userErrors"][0]["quota"] == {"type": "PERSONA", "used": 3, "limit": 3}
    assert (refused["persona"], refused["quota"]) == (None, None)
    assert flags(desk.url, "Persona", deleted) == (True, True)
    assert used(desk.url, desk.owner, "persona") == []


async def test_a_persona_without_a_subscription_is_not_restored_but_deleted(
    client: Client, desk: Desk
) -> None:
    persona = desk.rows["persona"]
    execute(desk.url, """UPDATE "Subscription" SET status = 'expired'""")

    deleted = await delete(client, "persona", persona, desk.owner, PAID)
    refused = await restore(client, "persona", persona, desk.owner)

    assert (deleted["refunded"], deleted["quota"]["used"]) == (False, 0)
    assert faults(refused) == [("SUBSCRIPTION_REQUIRED", None)]
    assert flags(desk.url, "Persona", persona) == (True, True)


async def test_a_refund_finds_the_spend_that_was_not_given_back(client: Client, desk: Desk) -> None:
    # Who waits for another transaction keeps the time at which it began itself: the later spend looks older.
    persona = desk.rows["persona"]
    quota = insert(desk.url, "UsageQuota", userId=desk.owner, type="persona", limit=3, used=1)
    entry = {"type": "persona", "userId": str(desk.owner), "quotaId": quota, "subjectId": persona}
    first = insert(desk.url, "UsageLog", createdAt=NOW, **entry)
    insert(desk.url, "UsageLog", amount=-1, refundOfId=first, **entry)
    insert(desk.url, "UsageLog", createdAt=NOW - timedelta(seconds=1), **entry)

    deleted = await delete(client, "persona", persona, desk.owner, PAID)

    assert (deleted["refunded"], deleted["quota"]["used"]) == (True, 0)
    assert used(desk.url, desk.owner, "persona") == [(0, 0)]

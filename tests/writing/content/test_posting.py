"""Posting: who notes it, of which posts, and what stays as it was."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.conftest import Client
from tests.rows import execute, fetch, insert
from tests.writing.changes import LATER, faults, used
from tests.writing.content.schedules import ADDRESS, act, stored


async def test_a_posted_post_may_still_be_saved_and_liked(
    client: Client, database_url: str, owner: UUID
) -> None:
    post = insert(database_url, "Post", userId=owner)
    await act(client, "markPostPublished", owner, id=post, linkedinUrl=ADDRESS)

    for name in ("savePost", "likePost"):
        assert (await act(client, name, owner, id=post))["userErrors"] == []


async def test_the_owner_notes_a_post_that_was_posted_by_hand(
    client: Client, database_url: str, owner: UUID
) -> None:
    post = insert(database_url, "Post", userId=owner)
    at = "2026-01-31T09:00:00Z"

    payload = await act(client, "markPostPublished", owner, id=post, linkedinUrl=ADDRESS, linkedinPostedAt=at)

    assert payload["userErrors"] == []
    assert payload["post"]["status"] == "POSTED"
    assert (payload["post"]["linkedinUrl"], payload["post"]["linkedinPostedAt"]) == (ADDRESS, at)
    assert used(database_url, owner, "post_scheduling") == []


async def test_a_service_records_facts_whatever_became_of_the_post(
    client: Client, database_url: str, owner: UUID
) -> None:
    service = insert(database_url, "User", role="service")
    carol = insert(database_url, "User", isDeleted=True)
    unscheduled = insert(database_url, "Post", userId=owner)
    deleted = insert(database_url, "Post", userId=owner, isDeleted=True)
    orphan = insert(database_url, "Post", userId=carol)

    for post in (unscheduled, deleted, orphan):
        payload = await act(client, "markPostPublished", service, id=post, linkedinUrl=ADDRESS)

        assert payload == {"post": None, "userErrors": []}
        assert stored(database_url, post) == (None, True, True, ADDRESS)
    recorded = fetch(database_url, 'SELECT action, "actorRole", "subjectId" FROM "AuditEntry" ORDER BY id')
    assert recorded == [("markPostPublished", "service", post) for post in (unscheduled, deleted, orphan)]


async def test_the_first_address_wins(client: Client, database_url: str, owner: UUID) -> None:
    service = insert(database_url, "User", role="service")
    post = insert(database_url, "Post", userId=owner)
    await act(client, "markPostPublished", service, id=post, linkedinUrl=ADDRESS)
    before = fetch(database_url, 'SELECT * FROM "Post"')

    again = await act(client, "markPostPublished", service, id=post, linkedinUrl=ADDRESS)
    other = await act(client, "markPostPublished", service, id=post, linkedinUrl=ADDRESS + "2")

    assert again["userErrors"] == []
    assert faults(other) == [("CONFLICT", "input.linkedinUrl")]
    assert other["userErrors"][0]["current"] is None  # a service sees no post
    assert fetch(database_url, 'SELECT * FROM "Post"') == before


async def test_a_service_and_strangers_learn_nothing_of_other_posts(
    client: Client, database_url: str, owner: UUID
) -> None:
    stranger, service = insert(database_url, "User"), insert(database_url, "User", role="service")
    post = insert(database_url, "Post", userId=owner)

    theirs = await act(client, "markPostPublished", stranger, id=post, linkedinUrl=ADDRESS)
    unknown = await act(client, "markPostPublished", service, id=uuid4(), linkedinUrl=ADDRESS)

    assert faults(theirs) == faults(unknown) == [("NOT_FOUND", "input.id")]
    assert stored(database_url, post) == (None, False, False, None)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://www.linkedin.com/1",
        "https://linkedin.com.evil.example/1",
        "https://evil.example/linkedin.com",
        "https://www.linkedin.com@evil.example/",
        "https://evil.example\\@www.linkedin.com/",
        "https://www.linkedin.com/a\nb",
        "javascript:alert(1)//linkedin.com",
        "https://www.linkedin.com/" + "x" * 100_000,
    ],
)
async def test_only_linkedins_addresses_are_taken(
    client: Client, database_url: str, owner: UUID, address: str
) -> None:
    post = insert(database_url, "Post", userId=owner)

    payload = await act(client, "markPostPublished", owner, id=post, linkedinUrl=address)

    assert faults(payload) == [("BAD_USER_INPUT", "input.linkedinUrl")]
    assert stored(database_url, post) == (None, False, False, None)


async def test_what_is_posted_after_it_was_unscheduled_stays_unpaid(
    client: Client, database_url: str, owner: UUID
) -> None:
    """The publisher had taken it already; that it is posted is a fact, and so is what was given back."""
    service = insert(database_url, "User", role="service")
    post = insert(database_url, "Post", userId=owner)
    await act(client, "schedulePost", owner, id=post, scheduledOn=LATER)
    execute(database_url, 'UPDATE "Post" SET "scheduledOn" = %s', datetime.now(UTC) - timedelta(minutes=1))
    due = await client.data("{ duePosts { nodes { post { id } } } }", by=service)
    freed = await act(client, "unschedulePost", owner, "refunded", id=post)

    marked = await act(client, "markPostPublished", service, id=post, linkedinUrl=ADDRESS)

    assert due["duePosts"]["nodes"] == [{"post": {"id": str(post)}}]
    assert (freed["refunded"], marked["userErrors"]) == (True, [])
    assert stored(database_url, post) == (None, True, True, ADDRESS)
    assert used(database_url, owner, "post_scheduling") == [(0, 0)]

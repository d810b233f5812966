"""What a generator made, recorded: saved and paid for together."""

from datetime import timedelta

import pytest

from tests.conftest import Client
from tests.rows import NOW, fetch
from tests.writing.changes import change
from tests.writing.content.recording import COMMENT, CONTENT, IDEA, IMAGE, POSTS, QUOTA, World, settle
from zorbit.services.cycles import months_after
from zorbit.services.personas import system_personas


@pytest.fixture
def world(database_url: str) -> World:
    return settle(database_url)


async def test_recorded_posts_are_drafts_that_are_paid_for(client: Client, world: World) -> None:
    system = next(iter(system_personas()))
    posts = [
        {"content": "one", "title": "One", "personaId": world.persona, "messageId": world.message},
        {"content": "two", "type": "POST_STACK", "systemPersonaId": system, "metadata": {"model": "m"}},
        {"content": "", "messageId": world.message, "imageUrl": "https://example.com/2.png"},
    ]

    payload = await change(client, "recordPosts", f"{POSTS} {QUOTA}", by=world.owner, posts=posts)

    assert payload["userErrors"] == []
    made = payload["posts"]
    assert [post["content"] for post in made] == ["one", "two", ""]
    assert [post["title"] for post in made] == ["One", None, None]
    assert [post["type"] for post in made] == ["POST", "POST_STACK", "POST"]
    assert {(post["source"], post["status"], post["user"]["id"]) for post in made} == {
        ("generate", "DRAFT", str(world.owner))
    }
    assert [post["persona"] for post in made] == [{"id": str(world.persona)}, None, None]
    assert [post["message"] and post["message"]["id"] for post in made] == [
        str(world.message),
        None,
        str(world.message),
    ]
    start = NOW - timedelta(days=3)
    assert payload["quota"] == {
        "type": "POST_GENERATION",
        "used": 3,
        "limit": 5,
        "remaining": 2,
        "resetsAt": months_after(start, 1).isoformat().replace("+00:00", "Z"),
    }
    owner = str(world.owner)
    assert sorted(world.entries()) == sorted(
        (owner, "post_generation", "recordPosts", post["id"]) for post in made
    )


async def test_the_first_record_of_a_cycle_makes_its_quota(client: Client, world: World) -> None:
    await change(client, "recordPosts", "posts { id }", by=world.owner, posts=[{"content": "one"}])

    bounds = 'SELECT type, used, "limit", "billingCycleStart", "billingCycleEnd", "userId" FROM "UsageQuota"'
    start = NOW - timedelta(days=3)
    assert fetch(world.url, bounds) == [("post_generation", 1, 5, start, months_after(start, 1), world.owner)]


async def test_recorded_ideas_belong_to_their_message(client: Client, world: World) -> None:
    shown = f"ideas {{ id title keyTakeaways isSaved message {{ id }} user {{ id }} }} {QUOTA}"
    ideas = [IDEA, IDEA | {"title": "Another", "keyTakeaways": ["one", "two"], "controversialAngle": "No."}]

    payload = await change(client, "recordIdeas", shown, by=world.owner, messageId=world.message, ideas=ideas)

    assert payload["userErrors"] == []
    made = payload["ideas"]
    assert [(idea["title"], idea["keyTakeaways"]) for idea in made] == [
        ("An idea", None),
        ("Another", ["one", "two"]),
    ]
    assert {(idea["message"]["id"], idea["user"]["id"], idea["isSaved"]) for idea in made} == {
        (str(world.message), str(world.owner), False)
    }
    assert (payload["quota"]["type"], payload["quota"]["used"], payload["quota"]["limit"]) == (
        "IDEA_GENERATION",
        2,
        4,
    )
    assert sorted(world.entries()) == sorted(
        (str(world.owner), "idea_generation", "recordIdeas", idea["id"]) for idea in made
    )


async def test_ideas_below_another_users_message_are_paid_by_its_owner(client: Client, world: World) -> None:
    shown = f"ideas {{ id user {{ id }} }} {QUOTA}"

    payload = await change(
        client, "recordIdeas", shown, by=world.admin, messageId=world.message, ideas=[IDEA]
    )

    (idea,) = payload["ideas"]
    assert idea["user"]["id"] == str(world.owner)
    assert (payload["quota"]["used"], payload["quota"]["limit"]) == (1, 4)
    assert world.entries() == [(str(world.owner), "idea_generation", "recordIdeas", idea["id"])]
    recorded = fetch(world.url, 'SELECT action, "subjectId"::text, "userId" FROM "AuditEntry"')
    assert recorded == [("recordIdeas", idea["id"], world.owner)]


async def test_a_recorded_comment_is_paid_for(client: Client, world: World) -> None:
    shown = f"comment {{ id firstName quote persona {{ id }} user {{ id }} }} {QUOTA}"

    payload = await change(client, "recordComment", shown, by=world.owner, **COMMENT, personaId=world.persona)

    comment = payload["comment"]
    assert payload["userErrors"] == []
    assert (comment["firstName"], comment["quote"]) == ("Jo", "Well said.")
    assert comment["persona"] == {"id": str(world.persona)}
    assert comment["user"] == {"id": str(world.owner)}
    assert (payload["quota"]["used"], payload["quota"]["limit"]) == (1, 3)
    assert world.entries() == [(str(world.owner), "comment_generation", "recordComment", comment["id"])]


async def test_a_recorded_image_replaces_the_one_before(client: Client, world: World) -> None:
    shown = f"post {{ imageUrl imageKey }} {QUOTA}"

    first = await change(client, "recordImage", shown, by=world.owner, postId=world.post, **IMAGE)
    second = await change(
        client, "recordImage", shown, by=world.admin, postId=world.post, imageUrl="https://example.com/2.png"
    )

    assert first["post"] == IMAGE
    assert (first["quota"]["type"], first["quota"]["used"]) == ("IMAGE_CREATION", 1)
    assert second["post"] == {"imageUrl": "https://example.com/2.png", "imageKey": None}
    assert (second["quota"]["used"], second["quota"]["limit"]) == (2, 2)
    spend = (str(world.owner), "image_creation", "recordImage", str(world.post))
    assert world.entries() == [spend, spend]


async def test_what_is_used_is_the_sum_of_what_was_recorded(client: Client, world: World) -> None:
    for count in (2, 4, 1):  # 4 more would be too many
        posts = [{"content": str(number)} for number in range(count)]
        await change(client, "recordPosts", "posts { id }", by=world.owner, posts=posts)
    for count in (3, 2, 1):
        await change(
            client,
            "recordIdeas",
            "ideas { id }",
            by=world.owner,
            messageId=world.message,
            ideas=[IDEA] * count,
        )
    for _ in range(2):
        await change(client, "recordComment", "comment { id }", by=world.owner, **COMMENT)
    await change(client, "recordImage", "post { id }", by=world.owner, postId=world.post, **IMAGE)

    assert world.spent() == [
        ("comment_generation", 2, 2, 2),
        ("idea_generation", 4, 4, 4),
        ("image_creation", 1, 1, 1),
        ("post_generation", 3, 3, 3),
    ]
    counts = [fetch(world.url, f'SELECT count(*) FROM "{table}"')[0][0] for table in CONTENT[:3]]
    assert counts == [5, 4, 2]


async def test_a_record_sent_again_under_its_key_is_paid_once(client: Client, world: World) -> None:
    ask = f"""mutation($input: RecordPostsInput!) {{
        recordPosts(input: $input, idempotencyKey: "k") {{ {POSTS} {QUOTA} userErrors {{ code }} }} }}"""
    given = {"input": {"posts": [{"content": "one"}, {"content": "two"}]}}

    first = await client.data(ask, given, by=world.owner)
    second = await client.data(ask, given, by=world.owner)

    assert second == first
    assert first["recordPosts"]["quota"]["used"] == 2
    assert world.spent() == [("post_generation", 2, 2, 2)]

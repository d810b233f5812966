"""What a generator made, refused: then nothing is saved, and nothing is paid."""

import asyncio
from uuid import UUID

import psycopg
import pytest
from uuid_utils.compat import uuid7

from tests.conftest import Client
from tests.rows import execute, insert
from tests.writing.changes import absent, bad, change, faults
from tests.writing.content.recording import COMMENT, IDEA, IMAGE, POSTS, QUOTA, World, settle
from tests.writing.waiting import until_waiting
from zorbit.services.personas import system_personas


@pytest.fixture
def world(database_url: str) -> World:
    return settle(database_url)


@pytest.mark.parametrize("by", ["owner", "stranger"])
async def test_what_can_not_be_paid_leaves_nothing(client: Client, world: World, by: str) -> None:
    """The owner's quotas don't suffice; the stranger has no subscription."""
    user: UUID = getattr(world, by)
    execute(world.url, 'UPDATE "Plan" SET "commentGenerationLimit" = 0, "imageCreationLimit" = 0')
    message, post = {
        "owner": (world.message, world.post),
        "stranger": (world.their_message, world.their_post),
    }[by]
    before = world.state()

    payloads = [
        await change(client, "recordPosts", "posts { id }", by=user, posts=[{"content": "x"}] * 6),
        await change(client, "recordIdeas", "ideas { id }", by=user, messageId=message, ideas=[IDEA] * 5),
        await change(client, "recordComment", "comment { id }", by=user, **COMMENT),
        await change(client, "recordImage", "post { id }", by=user, postId=post, **IMAGE),
    ]

    code = {"owner": "QUOTA_EXHAUSTED", "stranger": "SUBSCRIPTION_REQUIRED"}[by]
    assert [faults(payload) for payload in payloads] == [[(code, None)]] * 4
    assert world.state() == before


async def test_a_quota_that_is_exhausted_midway_leaves_nothing(client: Client, world: World) -> None:
    posts = [{"content": "x"}] * 3
    await change(client, "recordPosts", "posts { id }", by=world.owner, posts=posts)
    before = world.state()

    payload = await change(client, "recordPosts", POSTS, by=world.owner, posts=posts)

    assert payload["posts"] is None
    assert faults(payload) == [("QUOTA_EXHAUSTED", None)]
    assert world.state() == before
    assert world.spent() == [("post_generation", 3, 3, 3)]


async def test_all_faults_of_all_posts_come_at_once(client: Client, world: World) -> None:
    before = world.state()
    posts = [
        {"content": "fine"},
        {"content": "x" * 3001, "title": "x" * 301, "personaId": world.their_persona},
        {"content": "\U0001f600" * 1500},
        {"content": "\U0001f600" * 1500 + "x", "messageId": world.their_message, "templateId": "template"},
        {"content": "x", "systemPersonaId": "nobody", "metadata": ["\0"], "type": None},
        {"content": "x", "systemPersonaId": next(iter(system_personas())), "personaId": world.persona},
    ]

    payload = await change(client, "recordPosts", POSTS, by=world.owner, posts=posts)

    assert faults(payload) == sorted(
        bad(
            *("posts.1.content", "posts.1.title", "posts.3.content", "posts.3.templateId"),
            *("posts.4.systemPersonaId", "posts.4.metadata", "posts.4.type", "posts.5.systemPersonaId"),
        )
        + absent("posts.1.personaId", "posts.3.messageId")
    )
    assert world.state() == before


async def test_all_faults_of_ideas_and_comments_and_images_come_at_once(client: Client, world: World) -> None:
    before = world.state()
    long = {"imageUrl": "x" * 100_001, "imageKey": "\0"}
    ideas = [IDEA, {"title": "x" * 301, "content": "x", "keyTakeaways": ["\0"]}]

    for id, missing in [(world.their_message, absent("messageId")), ("message", bad("messageId"))]:
        payload = await change(
            client, "recordIdeas", "ideas { id }", by=world.owner, messageId=id, ideas=ideas
        )
        assert faults(payload) == sorted(bad("ideas.1.keyTakeaways.0", "ideas.1.title") + missing)
    comment = await change(
        client,
        "recordComment",
        "comment { id }",
        by=world.owner,
        **COMMENT | {"quote": "\0"},
        personaId=world.their_persona,
    )
    image = await change(client, "recordImage", "post { id }", by=world.owner, postId=uuid7(), **long)

    assert faults(comment) == bad("quote") + absent("personaId")
    assert faults(image) == bad("imageKey", "imageUrl") + absent("postId")
    assert world.state() == before


@pytest.mark.parametrize("count", [0, 21])
async def test_one_to_twenty_are_recorded_at_once(client: Client, world: World, count: int) -> None:
    execute(world.url, 'UPDATE "Plan" SET "postGenerationLimit" = 99, "ideaGenerationLimit" = 99')
    before = world.state()

    posts = await change(client, "recordPosts", POSTS, by=world.owner, posts=[{"content": "x"}] * count)
    ideas = await change(
        client, "recordIdeas", "ideas { id }", by=world.owner, messageId=world.message, ideas=[IDEA] * count
    )

    assert faults(posts) == bad("posts")
    assert faults(ideas) == bad("ideas")
    assert "1 to 20" in posts["userErrors"][0]["message"]
    assert world.state() == before


async def test_twenty_posts_are_recorded(client: Client, world: World) -> None:
    execute(world.url, 'UPDATE "Plan" SET "postGenerationLimit" = 20')
    posts = [{"content": str(number)} for number in range(20)]

    payload = await change(client, "recordPosts", f"{POSTS} {QUOTA}", by=world.owner, posts=posts)

    assert [post["content"] for post in payload["posts"]] == [post["content"] for post in posts]
    assert payload["quota"]["remaining"] == 0


async def test_nothing_is_recorded_for_what_is_not_there(client: Client, world: World) -> None:
    buried = insert(world.url, "Thread", userId=world.owner, isDeleted=True)
    messages = [
        uuid7(),
        world.their_message,
        insert(world.url, "ChatMessage", userId=world.owner, threadId=buried),
        insert(world.url, "ChatMessage", userId=world.owner, threadId=world.thread, isDeleted=True),
    ]
    posts = [uuid7(), world.their_post, insert(world.url, "Post", userId=world.owner, isDeleted=True)]
    before = world.state()

    for id in messages:
        made = [{"content": "x"}, {"content": "y", "messageId": id}]
        payload = await change(client, "recordPosts", POSTS, by=world.owner, posts=made)
        assert faults(payload) == absent("posts.1.messageId")
        payload = await change(
            client, "recordIdeas", "ideas { id }", by=world.owner, messageId=id, ideas=[IDEA]
        )
        assert faults(payload) == absent("messageId")
    for id in posts:
        payload = await change(client, "recordImage", "post { id }", by=world.owner, postId=id, **IMAGE)
        assert faults(payload) == absent("postId")

    assert world.state() == before


async def test_references_are_those_of_the_caller_though_an_admin_sees_more(
    client: Client, world: World
) -> None:
    before = world.state()
    posts = [{"content": "x", "personaId": world.persona, "messageId": world.message}]

    payload = await change(client, "recordPosts", POSTS, by=world.admin, posts=posts)
    comment = await change(
        client, "recordComment", "comment { id }", by=world.admin, **COMMENT, personaId=world.persona
    )

    assert faults(payload) == absent("posts.0.messageId", "posts.0.personaId")
    assert faults(comment) == absent("personaId")
    assert world.state() == before


async def test_a_posted_post_keeps_its_image(client: Client, world: World) -> None:
    execute(
        world.url,
        'UPDATE "Post" SET "isPostedOnLinkedin" = true, published = true, "linkedinPostedAt" = now(), '
        "\"linkedinUrl\" = 'https://www.linkedin.com/1' WHERE id = %s",
        world.post,
    )
    before = world.state()

    payload = await change(client, "recordImage", "post { id }", by=world.owner, postId=world.post, **IMAGE)

    assert faults(payload) == [("CONFLICT", "input.postId")]
    assert payload["userErrors"][0]["current"] == {"id": str(world.post)}
    assert world.state() == before


@pytest.mark.parametrize("table", ["Thread", "ChatMessage"])
async def test_nothing_paid_lands_in_what_is_being_deleted(client: Client, world: World, table: str) -> None:
    before = world.state()
    id = {"Thread": world.thread, "ChatMessage": world.message}[table]
    posts = [{"content": "x"}, {"content": "y", "messageId": world.message}]
    async with await psycopg.AsyncConnection.connect(world.url) as deleting:
        await deleting.execute(f'UPDATE "{table}" SET "isDeleted" = true WHERE id = %s'.encode(), [id])
        recording = asyncio.gather(
            change(client, "recordPosts", POSTS, by=world.owner, posts=posts),
            change(
                client, "recordIdeas", "ideas { id }", by=world.owner, messageId=world.message, ideas=[IDEA]
            ),
        )
        await until_waiting(world.url, 2)
        await deleting.commit()

    paid_posts, paid_ideas = await recording
    assert faults(paid_posts) == absent("posts.1.messageId")
    assert faults(paid_ideas) == absent("messageId")
    assert world.state() == before

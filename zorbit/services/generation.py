"""What a generator made: saved and paid for in one transaction, or neither.

The quota's lock comes before the content's: whatever is wrong with the input is found by reading, before
anything is spent, and what was found is held after that.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.models import ChatMessage, Comment, ContentIdea, Post, QuotaType, Thread
from zorbit.services import locks, references
from zorbit.services.posts import GENERATED, demand_not_posted, faults_of
from zorbit.services.rows import add_row, add_rows, change
from zorbit.services.spending import spend
from zorbit.services.terms import Terms
from zorbit.services.values import Values, demand, path_of
from zorbit.visibility import Viewer, owner_of, visible


async def record_posts(session: AsyncSession, user_id: UUID, values: Values, terms: Terms) -> list[Post]:
    """New drafts of the user's, for one POST_GENERATION each."""
    drafts: list[Values] = values.take("posts")
    await locks.hold_user(session, user_id)
    places = [("posts", str(index)) for index in range(len(drafts))]
    demand(
        *[
            fault
            for place, draft in zip(places, drafts, strict=True)
            for fault in await faults_of(session, user_id, draft, place=place)
        ]
    )
    posts = [Post(**draft, user_id=user_id, source=GENERATED) for draft in drafts]
    subjects = [post.id for post in posts]
    await spend(session, user_id, QuotaType.POST_GENERATION, subjects, terms, description="recordPosts")
    messages = {
        post.chat_message_id: path_of("chat_message_id", *place)
        for place, post in zip(places, posts, strict=True)
        if post.chat_message_id is not None
    }
    await _hold_messages(session, user_id, messages)
    return await add_rows(session, posts)


async def record_ideas(
    session: AsyncSession, viewer: Viewer, values: Values, terms: Terms
) -> list[ContentIdea]:
    """New ideas from a message, its owner's, for one IDEA_GENERATION each of theirs."""
    message = await references.see_named(session, viewer, ChatMessage, values, "chat_message_id")
    drafts: list[Values] = values.take("ideas")
    user_id = message.user_id
    await locks.hold_user(session, user_id)
    ideas = [ContentIdea(**draft, chat_message_id=message.id, user_id=user_id) for draft in drafts]
    subjects = [idea.id for idea in ideas]
    await spend(session, user_id, QuotaType.IDEA_GENERATION, subjects, terms, description="recordIdeas")
    await _hold_messages(session, user_id, {message.id: path_of("chat_message_id")})
    return await add_rows(session, ideas)


async def record_comment(session: AsyncSession, user_id: UUID, values: Values, terms: Terms) -> Comment:
    """A new comment of the user's, for one COMMENT_GENERATION."""
    await locks.hold_user(session, user_id)
    demand(*values.faults, *await references.faults_of(session, user_id, values))
    comment = Comment(**values, user_id=user_id)
    await spend(
        session, user_id, QuotaType.COMMENT_GENERATION, [comment.id], terms, description="recordComment"
    )
    return await add_row(session, comment)


async def record_image(session: AsyncSession, viewer: Viewer, values: Values, terms: Terms) -> Post:
    """The post with a new image, for one IMAGE_CREATION of its owner's; raises Conflict for a posted one."""
    field = path_of("post_id")
    post = await references.see_named(session, viewer, Post, values, "post_id")
    demand_not_posted(post, field=field)
    await locks.hold_user(session, post.user_id)
    await spend(session, post.user_id, QuotaType.IMAGE_CREATION, [post.id], terms, description="recordImage")
    post = await locks.lock_row(session, viewer, Post, post.id, field=field)
    demand_not_posted(post, field=field)
    # Without a key of its own, the image must not keep the key of the one before.
    image = {"image_url": values["image_url"], "image_key": values.get("image_key")}
    return await change(session, post, image)


async def _hold_messages(session: AsyncSession, owner_id: UUID, fields: Mapping[UUID, str]) -> None:
    """Hold messages and their threads, so that nothing paid for lands in what is being deleted.

    `fields` tell where the input names each of them.
    """
    if not fields:
        return
    owner = owner_of(owner_id)
    messages = visible(ChatMessage, owner).where(col(ChatMessage.id).in_(fields))
    found = await session.execute(messages.with_only_columns(col(ChatMessage.thread_id), col(ChatMessage.id)))
    threads = {thread_id: fields[id] for thread_id, id in found}
    for table, places in ((Thread, threads), (ChatMessage, fields)):
        for id in sorted(places):
            await locks.lock_row(session, owner, table, id, field=places[id], shared=True)

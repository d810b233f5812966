"""Posts: written by hand, from an idea, or as a copy; liked, saved; finished or not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.checks import fault
from zorbit.errors import BadInput, Conflict, Refused
from zorbit.models import ContentIdea, Post, PostStatus, PostType
from zorbit.models.content import status_of
from zorbit.services import locks, references
from zorbit.services.personas import system_personas
from zorbit.services.rows import add_row, change, demand_unchanged
from zorbit.services.values import Values, demand, path_of
from zorbit.visibility import Viewer

POST_UNITS = 3000
"""The most UTF-16 code units of a post of type `post`: LinkedIn's own limit."""

MANUAL, GENERATED, FROM_IDEA, DUPLICATED = "manual", "generate", "idea", "duplicate"
"""Where a post comes from."""

# What LinkedIn shows of a post: fixed once it stands there.
CONTENT = {
    "title",
    "content",
    "image_url",
    "image_key",
    "type",
    "persona_id",
    "system_persona_id",
    "template_id",
    "chat_message_id",
}
COPIED = (*sorted(CONTENT), "metadata_")


async def create(session: AsyncSession, user_id: UUID, values: Values) -> Post:
    """A new draft of the user's."""
    await locks.hold_user(session, user_id)
    demand(*await faults_of(session, user_id, values))
    return await add_row(session, Post(**values, user_id=user_id, source=MANUAL))


async def update(
    session: AsyncSession, viewer: Viewer, id: UUID, values: Values, *, if_updated_at: datetime | None
) -> Post:
    """The post with some columns changed. Raises Conflict for one that is posted, or was changed since."""
    post = await locks.hold_row(session, viewer, Post, id, field="input.id")
    demand(*await faults_of(session, post.user_id, values, present=post))
    demand_unchanged(post, if_updated_at)
    if CONTENT & set(values):
        demand_not_posted(post)
    return await change(session, post, values)


async def mark(session: AsyncSession, viewer: Viewer, id: UUID, **flags: bool) -> Post:
    """The post with its owner's opinion of it changed: saved, liked, disliked."""
    post = await locks.hold_row(session, viewer, Post, id, field="input.id")
    return await change(session, post, flags)


async def publish(session: AsyncSession, viewer: Viewer, id: UUID, *, published: bool) -> Post:
    """The post, declared finished by its author, or not; Conflict for one that is scheduled or posted."""
    post = await locks.hold_row(session, viewer, Post, id, field="input.id")
    if post.published == published:
        return post
    demand_not_posted(post)
    if post.scheduled_on is not None:
        raise Conflict("it is scheduled: unschedule it first", field="input.id", current=(Post, post.id))
    return await change(session, post, {"published": published})


async def from_idea(session: AsyncSession, viewer: Viewer, idea_id: UUID) -> Post:
    """A draft that begins with the idea's title and text."""
    idea = await locks.hold_parent(session, viewer, ContentIdea, idea_id, field="input.ideaId")
    values = Values({"title": idea.title, "content": idea.content, "chat_message_id": idea.chat_message_id})
    demand(*_text_faults(values, None, ("ideaId",)))
    return await add_row(session, Post(**values, user_id=idea.user_id, source=FROM_IDEA))


async def duplicate(session: AsyncSession, viewer: Viewer, id: UUID) -> Post:
    """A draft with the same content; what the original refers to and is deleted meanwhile is left out."""
    original = await locks.hold_parent(session, viewer, Post, id, field="input.id")
    values = {attribute: getattr(original, attribute) for attribute in COPIED}
    for name in await references.missing(session, original.user_id, values):
        values[name] = None
    return await add_row(session, Post(**values, user_id=original.user_id, source=DUPLICATED))


def demand_not_posted(post: Post, *, field: str = "input.id") -> None:
    """Raises Conflict for a post that stands on LinkedIn."""
    if post.is_posted_on_linkedin:
        message = "it is posted: its content and schedule are fixed"
        raise Conflict(message, field=field, current=(Post, post.id))


async def faults_of(
    session: AsyncSession,
    user_id: UUID,
    values: Values,
    *,
    present: Post | None = None,
    place: tuple[str, ...] = (),
) -> list[Refused]:
    """Everything that is wrong with the values for a new post, or for one that is `present`."""
    return [
        *values.faults,
        *_text_faults(values, present, (*place, "content")),
        *_persona_faults(values, present, place),
        *await references.faults_of(session, user_id, values, *place),
    ]


def _text_faults(values: Mapping[str, Any], present: Post | None, place: tuple[str, ...]) -> list[Refused]:
    content = _after("content", values, present)
    if not {"content", "type"} & set(values) or not isinstance(content, str):
        return []  # what stands there already is checked when it is scheduled
    is_scheduled = present is not None and status_of(present) is PostStatus.SCHEDULED
    type = _after("type", values, present) or PostType.POST
    return text_faults(content, type, ".".join(["input", *place]), is_scheduled=is_scheduled)


def text_faults(content: str, type: PostType, field: str, *, is_scheduled: bool) -> list[Refused]:
    """Whether LinkedIn would not take a post's text: it is too long, or, once it is scheduled, empty.

    LinkedIn counts UTF-16 code units, an emoji as two.
    """
    if is_scheduled and not content.strip():
        return [BadInput("an empty post can't be posted: write its content first", field=field)]
    units = utf16_units(content)
    if type is not PostType.POST or units <= POST_UNITS:
        return []
    return [fault(field, f"of a post has at most {POST_UNITS} UTF-16 code units, not {units}")]


def utf16_units(text: str) -> int:
    """How long LinkedIn takes a text to be."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _persona_faults(values: Mapping[str, Any], present: Post | None, place: tuple[str, ...]) -> list[Refused]:
    field = path_of("system_persona_id", *place)
    system = _after("system_persona_id", values, present)
    faults: list[Refused] = []
    if values.get("system_persona_id") is not None and system not in system_personas():
        faults.append(fault(field, "is not one of `systemPersonas`"))
    if system is not None and _after("persona_id", values, present) is not None:
        message = "a post has a persona or a system persona, not both: null the other"
        faults.append(BadInput(message, field=field))
    return faults


def _after(attribute: str, values: Mapping[str, Any], present: Post | None) -> Any:
    """What the attribute will be."""
    return values.get(attribute, None if present is None else getattr(present, attribute))

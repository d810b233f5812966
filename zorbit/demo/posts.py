"""Posts in every state that one can be in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from zorbit.demo.library import DISMISSED
from zorbit.demo.profiles import Window
from zorbit.demo.scene import Scene
from zorbit.demo.scripts import Draft
from zorbit.models import Post, PostType, QuotaType
from zorbit.services.personas import system_personas
from zorbit.services.posts import GENERATED


class State(Enum):
    """Where a post stands, and how it came there."""

    DRAFT = auto()
    READY = auto()
    UNSCHEDULED = auto()
    SCHEDULED = auto()
    DUE = auto()
    MISSED = auto()
    POSTED_BY_HAND = auto()
    POSTED_ON_TIME = auto()


# The states of a cycle's posts in turn; COMMENT, OTHER_TYPE and DELETED below are places among them.
FINISHED = (
    *(State.POSTED_BY_HAND, State.DRAFT, State.POSTED_ON_TIME, State.READY),
    *(State.POSTED_ON_TIME, State.DRAFT, State.POSTED_BY_HAND, State.READY),
    *(State.POSTED_ON_TIME, State.DRAFT, State.DRAFT, State.POSTED_BY_HAND),
)
RUNNING = (
    # What was missed is the oldest: it has to be late by more than a day.
    *(State.MISSED, State.DRAFT, State.SCHEDULED, State.POSTED_BY_HAND),
    *(State.DUE, State.DRAFT, State.READY, State.SCHEDULED),
    *(State.UNSCHEDULED, State.DRAFT, State.DRAFT, State.POSTED_ON_TIME),
)
ONCE_SCHEDULED = {State.UNSCHEDULED, State.SCHEDULED, State.DUE, State.MISSED, State.POSTED_ON_TIME}
COMMENT, OTHER_TYPE, DELETED = 1, 5, 9
OTHER_TYPES = (PostType.KNOWLEDGE_STACK, PostType.POST_STACK, PostType.IDEA)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation stands among its author's."""

    number: int
    cycle: int
    window: Window
    posts: Iterator[int]
    """Numbers the posts of the cycle."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a post was made from."""

    source: str | None
    message_id: UUID | None

    @property
    def is_generated(self) -> bool:
        """Whether it was paid for."""
        return self.source == GENERATED


def write_post(scene: Scene, place: Place, draft: Draft, origin: Origin, at: datetime) -> None:
    """Add the next post of a cycle, and note what it spent."""
    number = next(place.posts)
    state = (RUNNING if place.window.is_running else FINISHED)[number % len(RUNNING)]
    if state is State.DUE and not _has_due_posts(scene):
        state = State.SCHEDULED
    type = _type(number, place)
    has_image = number % 5 == 2
    stage = _stage(scene, state, number, at)
    post_id = scene.add(
        Post,
        at,
        title=None if type is PostType.COMMENT else draft.title,
        # A comment is a post's first sentence without the rest.
        content=draft.content.split("\n\n")[0] if type is PostType.COMMENT else draft.content,
        image_url=f"https://images.example.com/posts/{scene.index}/{number}.webp" if has_image else None,
        image_key=f"posts/{scene.index}/{number}.webp" if has_image else None,
        type=type.value,
        source=origin.source,
        metadata_=Jsonb({"characters": len(draft.content)}) if origin.is_generated else None,
        is_liked=number % 4 == 3,
        is_disliked=number % 12 == 10,
        is_saved=number % 3 == 0,
        chat_message_id=origin.message_id,
        template_id=scene.templates[number % 3] if number % 3 else None,
        deleted_at=scene.after(at, 60, 120) if number == DELETED else None,
        **_voice(scene, number, place),
        **stage,
    )
    if origin.is_generated:
        _note_generation(scene, type, at, post_id)
    if has_image:
        scene.ledger.note(QuotaType.IMAGE_CREATION, at, None, subject_id=post_id, postId=str(post_id))
    _note_scheduling(scene, state, scene.after(at, 1, 5), post_id)


def _has_due_posts(scene: Scene) -> bool:
    """Few have one at a time: publishers work all the day."""
    return scene.index < 5 or scene.index % 20 == 0


def _type(number: int, place: Place) -> PostType:
    if number == COMMENT:
        return PostType.COMMENT
    return OTHER_TYPES[place.cycle] if number == OTHER_TYPE else PostType.POST


def _voice(scene: Scene, number: int, place: Place) -> dict[str, Any]:
    """A persona, a system persona, or nobody's; the first thread speaks as one that was deleted later."""
    if place.number == 0:
        return {"persona_id": scene.personas[DISMISSED]}
    if number % 3 == 0:
        return {"persona_id": scene.personas[0 if number % 2 else 2]}
    return {"system_persona_id": scene.turn(list(system_personas()), number)} if number % 3 == 1 else {}


def _stage(scene: Scene, state: State, number: int, at: datetime) -> dict[str, Any]:
    """The columns that make up `state`."""
    if state is State.DRAFT:
        return {"updated_at": scene.after(at, 1, 50) if number % 2 else None}
    ready_at = scene.after(at, 5, 30)
    ready: dict[str, Any] = {"published": True, "updated_at": ready_at}
    if state is State.SCHEDULED:
        day = scene.day + timedelta(days=1 + number % 28)
        return ready | {"scheduled_on": day + timedelta(hours=7 + number % 11)}
    if state is State.DUE:
        return ready | {"scheduled_on": scene.now - timedelta(minutes=4 + (scene.index + number) % 50)}
    if state is State.MISSED:
        return ready | {"scheduled_on": ready_at + timedelta(hours=2)}
    if state in (State.POSTED_BY_HAND, State.POSTED_ON_TIME):
        return ready | _posted(scene, state, scene.after(ready_at, 60, 240))
    return ready


def _posted(scene: Scene, state: State, posted_at: datetime) -> dict[str, Any]:
    was_scheduled = state is State.POSTED_ON_TIME
    return {
        "scheduled_on": posted_at - timedelta(seconds=scene.rng.uniform(5, 50)) if was_scheduled else None,
        "is_posted_on_linkedin": True,
        # No such share can exist: real ones are numbers.
        "linkedin_url": f"https://www.linkedin.com/feed/update/urn:li:share:demo-{scene.rng.getrandbits(48):012x}",
        "linkedin_posted_at": posted_at,
        "updated_at": posted_at,
    }


def _note_generation(scene: Scene, type: PostType, at: datetime, post_id: UUID) -> None:
    is_comment = type is PostType.COMMENT
    paid = QuotaType.COMMENT_GENERATION if is_comment else QuotaType.POST_GENERATION
    what = "Comment generated" if is_comment else "Post generated"
    scene.ledger.note(paid, at, what, subject_id=post_id, postId=str(post_id))


def _note_scheduling(scene: Scene, state: State, at: datetime, post_id: UUID) -> None:
    note, paid = scene.ledger.note, QuotaType.POST_SCHEDULING
    if state in ONCE_SCHEDULED:
        note(paid, at, "Post scheduled", subject_id=post_id, postId=str(post_id))
    if state is State.UNSCHEDULED:
        at = scene.after(at, 1, 4)
        note(paid, at, "Post unscheduled", amount=-1, subject_id=post_id, postId=str(post_id))

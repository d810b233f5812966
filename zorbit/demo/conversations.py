"""Threads, their messages, and the ideas and posts that were made of them."""

import itertools
from datetime import datetime, timedelta
from uuid import UUID

from zorbit.demo.posts import Origin, Place, write_post
from zorbit.demo.rows import identity
from zorbit.demo.scene import Scene
from zorbit.demo.scripts import Exchange, Idea, Script, script
from zorbit.demo.specials import JAPANESE, long_script
from zorbit.demo.topics import topics
from zorbit.models import ChatMessage, ContentIdea, QuotaType, Thread
from zorbit.services.posts import FROM_IDEA, GENERATED

DELETED_THREAD = 1
"""Which of a user's threads is in the trash, its messages live below it."""


def write_conversations(scene: Scene) -> None:
    """Add a user's conversations and what came of them, cycle by cycle."""
    number = 0
    for cycle, (window, share) in enumerate(zip(scene.terms.windows, scene.profile.threads, strict=True)):
        numbers = range(number, number + share)
        scripts = [script(scene.turn(topics(), place), place, scene.rng) for place in numbers]
        if scene.index == 0 and window.is_running:
            scripts = [long_script(), JAPANESE, *scripts]  # not the first that a visitor sees
        posts = itertools.count()
        moments = scene.spread(window.cycle.start, window.stop, len(scripts))
        for spoken, at in zip(scripts, moments, strict=True):
            _write_thread(scene, Place(number, cycle, window, posts), spoken, scene.awake(at))
            number += 1


def _write_thread(scene: Scene, place: Place, spoken: Script, begin: datetime) -> None:
    thread_id = identity(scene.rng, begin)
    at = begin
    for exchange in spoken.exchanges:
        at = _write_exchange(scene, place, thread_id, exchange, scene.after(at, 0.2, 2))
    if place.number % 5 == 2:
        at = scene.after(at, 0.5, 2)
        deleted_at = at + timedelta(seconds=25)
        content = "Never mind, wrong window."
        scene.add(ChatMessage, at, content=content, thread_id=thread_id, deleted_at=deleted_at)
    scene.add(
        Thread,
        begin,
        id=thread_id,
        title=spoken.title,
        type=spoken.type and spoken.type.value,
        updated_at=at,
        deleted_at=scene.after(at, 150, 240) if place.number == DELETED_THREAD else None,
    )
    if spoken.typed:
        origin = Origin(None if place.number % 2 else "manual", None)
        write_post(scene, place, spoken.typed, origin, scene.after(at, 5, 40))


def _write_exchange(
    scene: Scene, place: Place, thread_id: UUID, exchange: Exchange, at: datetime
) -> datetime:
    """Add a question, its answer and what was made of it; answer when the last of it was made."""
    scene.add(ChatMessage, at, content=exchange.question, thread_id=thread_id)
    seconds = round(scene.rng.uniform(1.2, 9), 2)
    at += timedelta(seconds=seconds)
    message_id = scene.add(
        ChatMessage, at, content=exchange.answer, generation_time=seconds, thread_id=thread_id
    )
    at = _write_ideas(scene, place, message_id, exchange.ideas, at)
    source = FROM_IDEA if exchange.ideas else GENERATED
    for draft in exchange.drafts:
        at = scene.after(at, 0.3, 3)
        write_post(scene, place, draft, Origin(source, message_id), at)
    return at


def _write_ideas(scene: Scene, place: Place, message_id: UUID, ideas: list[Idea], at: datetime) -> datetime:
    if ideas:
        _note_ideas(scene, len(ideas), message_id, at)
    for position, idea in enumerate(ideas):
        at = scene.after(at, 0.001, 0.01)
        is_dropped = place.number % 4 == 0 and position == 2
        scene.add(
            ContentIdea,
            at,
            title=idea.title,
            content=idea.content,
            key_takeaways=idea.takeaways,
            controversial_angle=idea.angle,
            is_saved=(place.number + position) % 3 == 0,
            chat_message_id=message_id,
            deleted_at=scene.after(at, 20, 60) if is_dropped else None,
        )
    return at


def _note_ideas(scene: Scene, count: int, message_id: UUID, at: datetime) -> None:
    what = f"{count} ideas generated" if count > 1 else "Idea generated"
    scene.ledger.note(QuotaType.IDEA_GENERATION, at, what, amount=count, chatMessageId=str(message_id))

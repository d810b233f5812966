"""Conversations as they are spoken, before they are stored."""

from dataclasses import dataclass, field
from random import Random

from zorbit.demo.topics import Topic, phrases
from zorbit.models import ThreadType


@dataclass(frozen=True, slots=True)
class Idea:
    """One idea that a message offers."""

    title: str
    content: str
    takeaways: list[str] | None
    angle: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a post."""

    title: str | None
    content: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, its answer, and what was made of the answer."""

    question: str
    answer: str
    ideas: list[Idea] = field(default_factory=list)
    # Made from the first of the ideas where there are some, else from the answer itself.
    drafts: list[Draft] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Script:
    """A whole conversation, and the post that its author then typed without help."""

    title: str | None
    type: ThreadType | None
    exchanges: list[Exchange]
    typed: Draft | None = None


def script(topic: Topic, number: int, rng: Random) -> Script:
    """A user's conversation `number`; which rows it makes depends on the number alone, never on `rng`."""
    exchanges = [Exchange(rng.choice(topic.questions), topic.answer(rng))]
    if number % 3 != 1:
        exchanges.append(Exchange(rng.choice(phrases()["objection_requests"]), topic.objection(rng)))
    exchanges += [_ideas(topic, rng), _drafts(topic, rng)]
    return Script(
        title=None if number % 6 == 5 else rng.choice(topic.threads),
        type=[ThreadType.POST, ThreadType.IDEA, ThreadType.POST, None][number % 4],
        exchanges=exchanges,
        typed=Draft(None, topic.post(rng)),
    )


def _ideas(topic: Topic, rng: Random) -> Exchange:
    titles = rng.sample(topic.ideas, 4)
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(titles, start=1))
    ideas = [
        Idea(
            title=title,
            content=topic.idea(rng),
            takeaways=rng.sample(topic.takeaways, 3) if place != 3 else None,
            angle=rng.choice(topic.objections) if place != 1 else None,
        )
        for place, title in enumerate(titles)
    ]
    chosen = Draft(titles[0], topic.post(rng))
    answer = rng.choice(phrases()["idea_answers"]).format(ideas=numbered)
    return Exchange(rng.choice(phrases()["idea_requests"]), answer, ideas, [chosen])


def _drafts(topic: Topic, rng: Random) -> Exchange:
    full = Draft(rng.choice(topic.ideas), topic.post(rng))
    brief = Draft(f"{topic.title}, in short", topic.post(rng, arguments=1))
    answer = rng.choice(phrases()["draft_answers"]).format(draft=full.content)
    return Exchange(rng.choice(phrases()["draft_requests"]), answer, drafts=[full, brief])

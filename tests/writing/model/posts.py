"""What happens to posts, to ideas that are saved, and to what a generator made, by the model's rules."""

from typing import Any

from tests.writing.model.rules import (
    GENERATED,
    RULES,
    SCHEDULING,
    Input,
    Payload,
    Rule,
    conflict,
    owner_of,
    plain,
    rule,
    stale,
    told_of,
)
from tests.writing.model.state import Error, State, error, refuse, status
from tests.writing.model.values import DEFAULTS, POST, stored, units, wrong

COPIED = ("title", "content", "type", "imageUrl", "imageKey", "metadata", "systemPersona")


def unless(holds: bool, errors: list[Error]) -> list[Error]:
    """These, unless it holds."""
    return [] if holds else errors


def setting(kind: str, **values: Any) -> Rule:
    """A mutation that sets flags."""

    def change(state: State, caller: str, given: Input) -> Payload:
        row = state.find(caller, kind, given["id"])
        state.write(row["id"], **values)
        return {kind: ("row", row["id"])}

    return change


RULES |= {
    "saveIdea": setting("idea", isSaved=True),
    "unsaveIdea": setting("idea", isSaved=False),
    "savePost": setting("post", isSaved=True),
    "unsavePost": setting("post", isSaved=False),
    "likePost": setting("post", isLiked=True, isDisliked=False),
    "dislikePost": setting("post", isLiked=False, isDisliked=True),
    "clearPostOpinion": setting("post", isLiked=False, isDisliked=False),
    "publishPost": setting("post", published=True),
}


@rule("unpublishPost")
def unpublish(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    refuse(unless(status(post) in {"DRAFT", "READY"}, conflict(state, caller, post)))
    state.write(post["id"], published=False)
    return {"post": ("row", post["id"])}


@rule("schedulePost")
def schedule(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    fits = post["content"].strip() and (post["type"] != "POST" or units(post["content"]) <= POST)
    refuse(
        unless(status(post) in {"DRAFT", "READY"}, conflict(state, caller, post)),
        too_late(state, given),
        unless(bool(fits), [error("BAD_USER_INPUT", "input.id")]),
        stale(state, caller, post, given),
    )
    state.spend(post["user"], SCHEDULING)
    state.paid.add(post["id"])
    state.write(post["id"], scheduledOn=given["scheduledOn"], published=True)
    return {"post": ("row", post["id"])} | told_of(post["user"], SCHEDULING)


@rule("reschedulePost")
def reschedule(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    refuse(
        unless(status(post) == "SCHEDULED", conflict(state, caller, post)),
        too_late(state, given),
        stale(state, caller, post, given),
    )
    state.write(post["id"], scheduledOn=given["scheduledOn"])
    return {"post": ("row", post["id"])}


def too_late(state: State, given: Input) -> list[Error]:
    """Why not at a time that has passed."""
    return unless(given["scheduledOn"] > state.past, [error("BAD_USER_INPUT", "input.scheduledOn")])


@rule("unschedulePost")
def unschedule(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    refuse(
        unless(status(post) == "SCHEDULED", conflict(state, caller, post)), stale(state, caller, post, given)
    )
    refunded = state.unschedule(post)
    payload: Payload = {"post": ("row", post["id"]), "refunded": ("plain", refunded)}
    return payload | told_of(post["user"], SCHEDULING)


@rule("markPostPublished")
def mark(state: State, caller: str, given: Input) -> Payload:
    """A service notes it of any post, whatever became of that."""
    bad = unless("linkedin.com/" in given["linkedinUrl"], [error("BAD_USER_INPUT", "input.linkedinUrl")])
    post = state.rows.get(given["id"])
    if post is None or post["kind"] != "post" or state.role(caller) != "SERVICE":
        refuse(bad, state.missing(caller, "post", given["id"]))
    post = state.rows[given["id"]]
    first = post["linkedinUrl"] in {None, given["linkedinUrl"]}
    refuse(bad, unless(first, conflict(state, caller, post, "input.linkedinUrl")))
    if not post["isPostedOnLinkedin"]:
        at = given["linkedinPostedAt"]
        url = given["linkedinUrl"]
        state.write(post["id"], published=True, isPostedOnLinkedin=True, linkedinUrl=url, linkedinPostedAt=at)
    return {"post": ("row", post["id"])}


@rule("createPostFromIdea")
def create_from_idea(state: State, caller: str, given: Input) -> Payload:
    idea = state.find(caller, "idea", given["ideaId"], "input.ideaId")
    refuse(unless(units(idea["content"]) <= POST, [error("BAD_USER_INPUT", "input.ideaId")]))
    copied = {"title": idea["title"], "content": idea["content"], "message": idea["message"]}
    return {"post": ("row", state.add("post", idea["user"], **DEFAULTS["post"] | copied))}


@rule("duplicatePost")
def duplicate_post(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    links = {
        name: post[name]
        for name in ("message", "persona", "template")
        if state.link(caller, post[name]) is not None
    }
    copied = {key: post[key] for key in COPIED}
    return {"post": ("row", state.add("post", post["user"], **DEFAULTS["post"] | copied | links))}


@rule("duplicatePersona")
def duplicate_persona(state: State, caller: str, given: Input) -> Payload:
    persona = state.find(caller, "persona", given["id"])
    state.spend(persona["user"], "PERSONA")
    copied = {key: persona[key] for key in ("defaultPrompt", "profession", "preferences")}
    name = state.add("persona", persona["user"], name=persona["name"][:293] + " (copy)", **copied)
    return {"persona": ("row", name)} | told_of(persona["user"], "PERSONA")


# What a generator made


@rule("recordPosts")
def record_posts(state: State, caller: str, given: Input) -> Payload:
    found = [
        fault
        for index, post in enumerate(given["posts"])
        for fault in wrong(state, caller, "post", post, plain("post"), f"input.posts.{index}")
    ]
    refuse(found)
    names = recorded(state, caller, "post", given["posts"])
    return {"posts": ("rows", names)} | told_of(caller, GENERATED["post"])


@rule("recordIdeas")
def record_ideas(state: State, caller: str, given: Input) -> Payload:
    owner = owner_of(state, caller, "idea", given)
    message = {"messageId": given["messageId"]}
    found = wrong(state, owner, "idea", message, {})
    for index, idea in enumerate(given["ideas"]):
        found += wrong(state, owner, "idea", idea, {}, f"input.ideas.{index}")
    refuse(found)
    names = recorded(state, owner, "idea", [idea | message for idea in given["ideas"]])
    return {"ideas": ("rows", names)} | told_of(owner, GENERATED["idea"])


@rule("recordComment")
def record_comment(state: State, caller: str, given: Input) -> Payload:
    refuse(wrong(state, caller, "comment", given, {}))
    (name,) = recorded(state, caller, "comment", [given])
    return {"comment": ("row", name)} | told_of(caller, GENERATED["comment"])


@rule("recordImage")
def record_image(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["postId"], "input.postId")
    refuse(unless(not post["isPostedOnLinkedin"], conflict(state, caller, post, "input.postId")))
    state.spend(post["user"], "IMAGE_CREATION")
    state.write(post["id"], imageUrl=given["imageUrl"], imageKey=given.get("imageKey"))
    return {"post": ("row", post["id"])} | told_of(post["user"], "IMAGE_CREATION")


def recorded(state: State, owner: str, kind: str, rows: list[Input]) -> list[str]:
    """New rows, paid for."""
    state.spend(owner, GENERATED[kind], len(rows))
    return [state.add(kind, owner, **DEFAULTS.get(kind, {}) | stored(kind, row)) for row in rows]

"""What happens to posts, to ideas that are saved, and to what a generator made, by the model's rules."""

from typing import Any

from tests.writing.model import RefusedError, State, error, status
from tests.writing.model_rules import (
    GENERATED,
    RULES,
    SCHEDULING,
    Input,
    Payload,
    Rule,
    conflict,
    fresh,
    owner_of,
    plain,
    rule,
)
from tests.writing.model_values import DEFAULTS, POST, demand, stored, units, wrong

COPIED = ("title", "content", "type", "imageUrl", "imageKey", "metadata", "systemPersona")


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
    if status(post) in {"SCHEDULED", "POSTED"}:
        raise conflict(state, caller, post)
    state.write(post["id"], published=False)
    return {"post": ("row", post["id"])}


@rule("schedulePost")
def schedule(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    in_time(state, given)
    fresh(state, caller, post, given)
    if status(post) in {"SCHEDULED", "POSTED"}:
        raise conflict(state, caller, post)
    if not post["content"].strip() or (post["type"] == "POST" and units(post["content"]) > POST):
        raise RefusedError(error("BAD_USER_INPUT", "input.id"))
    state.spend(post["user"], SCHEDULING)
    state.paid.add(post["id"])
    state.write(post["id"], scheduledOn=given["scheduledOn"], published=True)
    return {"post": ("row", post["id"]), "quota": ("quota", (post["user"], SCHEDULING))}


@rule("reschedulePost")
def reschedule(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    in_time(state, given)
    fresh(state, caller, post, given)
    if status(post) != "SCHEDULED":
        raise conflict(state, caller, post)
    state.write(post["id"], scheduledOn=given["scheduledOn"])
    return {"post": ("row", post["id"])}


def in_time(state: State, given: Input) -> None:
    """Refuse a time that has passed."""
    if given["scheduledOn"] <= state.past:
        raise RefusedError(error("BAD_USER_INPUT", "input.scheduledOn"))


@rule("unschedulePost")
def unschedule(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["id"])
    fresh(state, caller, post, given)
    if status(post) != "SCHEDULED":
        raise conflict(state, caller, post)
    refunded = state.unschedule(post)
    quota = ("quota", (post["user"], SCHEDULING))
    return {"post": ("row", post["id"]), "refunded": ("plain", refunded), "quota": quota}


@rule("markPostPublished")
def mark(state: State, caller: str, given: Input) -> Payload:
    """A service notes it of any post, whatever became of that."""
    row = state.rows.get(given["id"])
    if state.role(caller) == "SERVICE" and row is not None and row["kind"] == "post":
        post = row
    else:
        post = state.find(caller, "post", given["id"])
    if "linkedin.com/" not in given["linkedinUrl"]:
        raise RefusedError(error("BAD_USER_INPUT", "input.linkedinUrl"))
    if post["linkedinUrl"] not in (None, given["linkedinUrl"]):
        raise conflict(state, caller, post, "input.linkedinUrl")
    if not post["isPostedOnLinkedin"]:
        at = given["linkedinPostedAt"]
        url = given["linkedinUrl"]
        state.write(post["id"], published=True, isPostedOnLinkedin=True, linkedinUrl=url, linkedinPostedAt=at)
    return {"post": ("row", post["id"])}


@rule("createPostFromIdea")
def create_from_idea(state: State, caller: str, given: Input) -> Payload:
    idea = state.find(caller, "idea", given["ideaId"], "input.ideaId")
    if units(idea["content"]) > POST:
        raise RefusedError(error("BAD_USER_INPUT", "input.ideaId"))
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
    return {"persona": ("row", name), "quota": ("quota", (persona["user"], "PERSONA"))}


# What a generator made


@rule("recordPosts")
def record_posts(state: State, caller: str, given: Input) -> Payload:
    found = [
        fault
        for index, post in enumerate(given["posts"])
        for fault in wrong(state, caller, "post", post, plain("post"), f"input.posts.{index}")
    ]
    if found:
        raise RefusedError(*found)
    return {"posts": recorded(state, caller, "post", given["posts"])} | cost(caller, "post")


@rule("recordIdeas")
def record_ideas(state: State, caller: str, given: Input) -> Payload:
    owner = owner_of(state, caller, "idea", given)
    message = {"messageId": given["messageId"]}
    found = wrong(state, owner, "idea", message, {})
    for index, idea in enumerate(given["ideas"]):
        found += wrong(state, owner, "idea", idea, {}, f"input.ideas.{index}")
    if found:
        raise RefusedError(*found)
    return {"ideas": recorded(state, owner, "idea", [idea | message for idea in given["ideas"]])} | cost(
        owner, "idea"
    )


@rule("recordComment")
def record_comment(state: State, caller: str, given: Input) -> Payload:
    demand(state, caller, "comment", given, {})
    (name,) = recorded(state, caller, "comment", [given])[1]
    return {"comment": ("row", name)} | cost(caller, "comment")


@rule("recordImage")
def record_image(state: State, caller: str, given: Input) -> Payload:
    post = state.find(caller, "post", given["postId"], "input.postId")
    if post["isPostedOnLinkedin"]:
        raise conflict(state, caller, post, "input.postId")
    state.spend(post["user"], "IMAGE_CREATION")
    state.write(post["id"], imageUrl=given["imageUrl"], imageKey=given.get("imageKey"))
    return {"post": ("row", post["id"]), "quota": ("quota", (post["user"], "IMAGE_CREATION"))}


def recorded(state: State, owner: str, kind: str, rows: list[Input]) -> tuple[str, list[str]]:
    """New rows, paid for."""
    state.spend(owner, GENERATED[kind], len(rows))
    return ("rows", [state.add(kind, owner, **DEFAULTS.get(kind, {}) | stored(kind, row)) for row in rows])


def cost(user: str, kind: str) -> Payload:
    """The quota that a payload tells of."""
    return {"quota": ("quota", (user, GENERATED[kind]))}

"""Posts, written: drafts, copies, opinions, and whether they are finished."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Act, Writing, mutation
from schema.written import columns, edits, id_of
from zorbit.models import Post
from zorbit.services import posts
from zorbit.services.values import Values

WRITTEN = row("post", Post, "The post as it is now.")
ID = id_of("id", "The post's id.")
REFERENCES = (
    id_of("persona_id", "The persona that it speaks as.", required=False)
    | id_of("template_id", "The template that it is made with.", required=False)
    | id_of("chat_message_id", "The message that it is made from.", required=False)
)
FREE = ("title", "image_url", "image_key", "type", "metadata_", "system_persona_id")


@mutation(
    "Write a post by hand, as a draft. Costs nothing.",
    Access.PEOPLE,
    takes=columns(Post, *FREE, required=("content",)) | REFERENCES,
    gives=WRITTEN,
)
async def create_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    return {"post": await posts.create(writing.session, writing.viewer_id, values)}


@mutation(
    "Change a post. Title, text, image, type and references of a posted one are fixed.",
    Access.PEOPLE,
    takes=edits(Post, "content", *FREE) | REFERENCES,
    gives=WRITTEN,
)
async def update_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    changed = await posts.update(writing.session, writing.viewer, id, values, if_updated_at=if_updated_at)
    return {"post": changed}


@mutation(
    "Begin a draft with an idea's title and text. Costs nothing.",
    Access.PEOPLE,
    takes=id_of("idea_id", "The idea's id."),
    gives=WRITTEN,
)
async def create_post_from_idea(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The idea stays what it is."""
    return {"post": await posts.from_idea(writing.session, writing.viewer, values.take("idea_id"))}


@mutation("Copy a post's content into a new draft. Costs nothing.", Access.PEOPLE, takes=ID, gives=WRITTEN)
async def duplicate_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The original stays what it is."""
    return {"post": await posts.duplicate(writing.session, writing.viewer, values.take("id"))}


@mutation(
    "Declare a post finished: it is ready, and can be scheduled.", Access.PEOPLE, takes=ID, gives=WRITTEN
)
async def publish_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A ready post stays what it is."""
    return {"post": await posts.publish(writing.session, writing.viewer, values.take("id"), published=True)}


@mutation(
    "Make a ready post a draft again; one that is scheduled or posted is refused.",
    Access.PEOPLE,
    takes=ID,
    gives=WRITTEN,
)
async def unpublish_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A draft stays what it is."""
    return {"post": await posts.publish(writing.session, writing.viewer, values.take("id"), published=False)}


def marking(**flags: bool) -> Act:
    """A mutation that sets these flags."""

    async def mark(writing: Writing, values: Values) -> Mapping[str, Any]:
        return {"post": await posts.mark(writing.session, writing.viewer, values.take("id"), **flags)}

    return mark


# Liking and disliking exclude each other; saving is apart from both.
for _name, _description, _flags in [
    ("save_post", "Save a post.", {"is_saved": True}),
    ("unsave_post", "No longer save a post.", {"is_saved": False}),
    ("like_post", "Like a post; it is then not disliked.", {"is_liked": True, "is_disliked": False}),
    ("dislike_post", "Dislike a post; it is then not liked.", {"is_liked": False, "is_disliked": True}),
    ("clear_post_opinion", "Neither like nor dislike a post.", {"is_liked": False, "is_disliked": False}),
]:
    mutation(_description, Access.PEOPLE, takes=ID, gives=WRITTEN, name=_name)(marking(**_flags))

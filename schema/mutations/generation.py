"""What a generator made, recorded: saved and paid for together."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.mutations import comments, ideas, posts
from schema.payloads import QUOTA, row, rows
from schema.writing import Writing, mutation
from schema.written import columns, id_of, several
from zorbit.models import Comment, ContentIdea, Post, QuotaType
from zorbit.services import generation
from zorbit.services.values import Values

LIMIT = 20
"""How many posts or ideas are recorded at once."""

NEW_POST = columns(Post, *posts.FREE, required=("content",)) | posts.REFERENCES


@mutation(
    "Record posts that a generator made, as drafts. Costs one POST_GENERATION each: all, or none.",
    Access.PEOPLE,
    takes=several("posts", "GeneratedPostInput", NEW_POST, f"The posts, 1 to {LIMIT}.", limit=LIMIT),
    gives=rows("posts", Post, "The posts, in their order.") | QUOTA,
)
async def record_posts(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    made = await generation.record_posts(writing.session, writing.viewer_id, values, writing.terms)
    return {"posts": made, "quota": (writing.viewer_id, QuotaType.POST_GENERATION)}


@mutation(
    "Record ideas that a generator made from a message. Costs one IDEA_GENERATION each: all, or none.",
    Access.PEOPLE,
    takes=ideas.MESSAGE
    | several("ideas", "GeneratedIdeaInput", ideas.NEW, f"The ideas, 1 to {LIMIT}.", limit=LIMIT),
    gives=rows("ideas", ContentIdea, "The ideas, in their order.") | QUOTA,
)
async def record_ideas(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The message's owner's, who pays for them."""
    made = await generation.record_ideas(writing.session, writing.viewer, values, writing.terms)
    return {"ideas": made, "quota": (made[0].user_id, QuotaType.IDEA_GENERATION)}


@mutation(
    "Record a comment that a generator made. Costs one COMMENT_GENERATION.",
    Access.PEOPLE,
    takes=comments.NEW,
    gives=row("comment", Comment, "The comment.") | QUOTA,
)
async def record_comment(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Of the caller's own."""
    made = await generation.record_comment(writing.session, writing.viewer_id, values, writing.terms)
    return {"comment": made, "quota": (made.user_id, QuotaType.COMMENT_GENERATION)}


@mutation(
    "Record an image that a generator made for a post, in place of the one before; a posted post is refused. "
    "Costs one IMAGE_CREATION.",
    Access.PEOPLE,
    takes=id_of("post_id", "The post that it is for.") | columns(Post, "image_key", required=("image_url",)),
    gives=row("post", Post, "The post as it is now.") | QUOTA,
)
async def record_image(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The post's owner pays for it."""
    post = await generation.record_image(writing.session, writing.viewer, values, writing.terms)
    return {"post": post, "quota": (post.user_id, QuotaType.IMAGE_CREATION)}

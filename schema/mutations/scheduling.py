"""Posts, scheduled and posted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schema.access import Access
from schema.payloads import QUOTA, REFUNDED, row
from schema.writing import Writing, mutation
from schema.written import UNCHANGED, columns, id_of, value
from zorbit.models import Post, QuotaType
from zorbit.services import scheduling
from zorbit.services.values import Values

WRITTEN = row("post", Post, "The post as it is now.")
ID = id_of("id", "The post's id.")
TIME = value(
    "scheduled_on", datetime, "When it is to be posted: a time to come, with its zone.", required=True
)


@mutation(
    "Schedule a post, which makes it ready. Costs one POST_SCHEDULING.",
    Access.PEOPLE,
    takes=ID | TIME | UNCHANGED,
    gives=WRITTEN | QUOTA,
)
async def schedule_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A scheduled post is rescheduled instead."""
    post = await scheduling.schedule(
        writing.session,
        writing.viewer,
        values.take("id"),
        at=values.take("scheduled_on"),
        if_updated_at=values.get("if_updated_at"),
        terms=writing.terms,
    )
    return {"post": post, "quota": (post.user_id, QuotaType.POST_SCHEDULING)}


@mutation(
    "Move a scheduled post, also one that was missed, to another time. Costs nothing.",
    Access.PEOPLE,
    takes=ID | TIME | UNCHANGED,
    gives=WRITTEN,
)
async def reschedule_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A post that isn't scheduled is scheduled instead."""
    post = await scheduling.reschedule(
        writing.session,
        writing.viewer,
        values.take("id"),
        at=values.take("scheduled_on"),
        if_updated_at=values.get("if_updated_at"),
        terms=writing.terms,
    )
    return {"post": post}


@mutation(
    "No longer schedule a post; it stays ready. Gives back what scheduling cost, within its cycle.",
    Access.PEOPLE,
    takes=ID | UNCHANGED,
    gives=WRITTEN | REFUNDED | QUOTA,
)
async def unschedule_post(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Until it is posted."""
    post, refunded = await scheduling.unschedule(
        writing.session,
        writing.viewer,
        values.take("id"),
        if_updated_at=values.get("if_updated_at"),
        terms=writing.terms,
    )
    return {"post": post, "refunded": refunded, "quota": (post.user_id, QuotaType.POST_SCHEDULING)}


@mutation(
    "Note that a post stands on LinkedIn: by its owner, or by the service that posted it. The first address "
    "wins, the same again changes nothing. A service is shown no post: without errors, it is noted.",
    Access.ANY_ROLE,
    takes=ID
    | columns(Post, required=("linkedin_url",))
    | value("linkedin_posted_at", datetime, "When it was posted; now unless told otherwise."),
    gives=WRITTEN,
)
async def mark_post_published(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A service's is a fact, whatever became of the post since."""
    post = await scheduling.mark_published(
        writing.session,
        writing.viewer,
        values.take("id"),
        url=values.take("linkedin_url"),
        posted_at=values.get("linkedin_posted_at"),
        terms=writing.terms,
    )
    return {"post": post}

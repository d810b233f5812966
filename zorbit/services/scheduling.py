"""Scheduling: when a post is to be posted, and that it was.

Each is a conditional change of the one row: of two at once the loser gets Conflict. Scheduling spends
POST_SCHEDULING; unscheduling gives back what was spent in the current cycle.
"""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.checks import fault
from zorbit.errors import Conflict, Refused
from zorbit.models import Post, QuotaType
from zorbit.services import locks, references, spending
from zorbit.services.posts import demand_not_posted, text_faults
from zorbit.services.rows import change, demand_unchanged
from zorbit.services.terms import Terms
from zorbit.services.values import demand
from zorbit.visibility import Viewer

# No user, no port, no backslash: nothing that a browser might take for another host.
ADDRESS = re.compile(r"https://([a-z0-9-]+\.)*linkedin\.com(/[!-\[\]-~]*)?", re.IGNORECASE)


IS_SCHEDULED = and_(col(Post.scheduled_on).is_not(None), ~col(Post.is_posted_on_linkedin))
"""Which posts are to be posted; a posted one keeps the time that was meant."""


async def schedule(
    session: AsyncSession,
    viewer: Viewer,
    id: UUID,
    *,
    at: datetime,
    if_updated_at: datetime | None,
    terms: Terms,
) -> Post:
    """The post, to be posted `at`; ready by that, and one POST_SCHEDULING poorer.

    Raises Conflict for one that is scheduled or posted, QuotaExhausted, SubscriptionRequired.
    """
    owner_id = await locks.hold_ancestors(session, viewer, Post, id, field="input.id")
    # The quota's lock comes before the post's: what can be refused without it is refused first.
    _demand_schedulable(await references.see(session, viewer, Post, id, field="input.id"), at, terms)
    await spending.spend(
        session, owner_id, QuotaType.POST_SCHEDULING, [id], terms, description="schedulePost"
    )
    post = await locks.lock_row(session, viewer, Post, id, field="input.id")
    demand_unchanged(post, if_updated_at)
    _demand_schedulable(post, at, terms)
    return await change(session, post, {"scheduled_on": at, "published": True})


async def reschedule(
    session: AsyncSession,
    viewer: Viewer,
    id: UUID,
    *,
    at: datetime,
    if_updated_at: datetime | None,
    terms: Terms,
) -> Post:
    """The scheduled post, to be posted at another time; costs nothing. A missed one is due again by that."""
    post = await locks.hold_row(session, viewer, Post, id, field="input.id")
    demand_unchanged(post, if_updated_at)
    _demand_scheduled(post)
    demand(*_time_faults(at, terms), *_content_faults(post))
    return await change(session, post, {"scheduled_on": at})


async def unschedule(
    session: AsyncSession, viewer: Viewer, id: UUID, *, if_updated_at: datetime | None, terms: Terms
) -> tuple[Post, bool]:
    """The post, no longer scheduled but still ready; and whether what it cost was given back."""
    post = await locks.hold_row(session, viewer, Post, id, field="input.id", alone=True)
    demand_unchanged(post, if_updated_at)
    _demand_scheduled(post)
    refunded = await spending.refund(session, post.user_id, QuotaType.POST_SCHEDULING, [id], terms)
    return await change(session, post, {"scheduled_on": None}), refunded > 0


async def mark_published(
    session: AsyncSession, viewer: Viewer, id: UUID, *, url: str, posted_at: datetime | None, terms: Terms
) -> Post:
    """The post, noted as standing on LinkedIn at `url`.

    By its owner or an admin for a live post; a service records a fact, also of a post that was deleted or
    unscheduled since. The first address wins: the same again changes nothing, another is a Conflict.
    """
    demand(*_address_faults(url), *_posted_at_faults(posted_at, terms))
    post = await _to_be_marked(session, viewer, id)
    if post.is_posted_on_linkedin:
        if post.linkedin_url == url:
            return post
        raise Conflict(
            "it is posted already, at another address", field="input.linkedinUrl", current=(Post, id)
        )
    facts = {
        "is_posted_on_linkedin": True,
        "published": True,
        "linkedin_url": url,
        "linkedin_posted_at": posted_at or terms.now,
    }
    return await change(session, post, facts)


async def _to_be_marked(session: AsyncSession, viewer: Viewer, id: UUID) -> Post:
    if viewer.is_person:
        return await locks.hold_row(session, viewer, Post, id, field="input.id")
    # One row alone is locked, so there is no order to keep.
    return await locks.lock_stored(session, Post, id, field="input.id")


def _demand_schedulable(post: Post, at: datetime, terms: Terms) -> None:
    demand_not_posted(post)
    if post.scheduled_on is not None:
        raise Conflict("it is scheduled already: reschedule it", field="input.id", current=(Post, post.id))
    demand(*_time_faults(at, terms), *_content_faults(post))


def _demand_scheduled(post: Post) -> None:
    demand_not_posted(post)
    if post.scheduled_on is None:
        raise Conflict("it is not scheduled", field="input.id", current=(Post, post.id))


def _time_faults(at: datetime, terms: Terms) -> list[Refused]:
    if at > terms.now:
        return []
    return [fault("input.scheduledOn", "must lie in the future")]


def _content_faults(post: Post) -> list[Refused]:
    return text_faults(post.content, post.type, "input.id", is_scheduled=True)


def _posted_at_faults(posted_at: datetime | None, terms: Terms) -> list[Refused]:
    if posted_at is None or posted_at <= terms.now:
        return []
    field = "input.linkedinPostedAt"
    return [fault(field, "must not lie in the future")]


def _address_faults(url: str) -> list[Refused]:
    """What is not a LinkedIn address: everybody who sees the post is sent there."""
    if ADDRESS.fullmatch(url):
        return []
    field = "input.linkedinUrl"
    return [fault(field, "must be an https address at linkedin.com")]

"""Publishing: which scheduled posts are to be posted now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit import paging
from zorbit.models import Post, Subscription, SubscriptionStatus, User
from zorbit.paging import Order, Page, Slice
from zorbit.services.rows import count_rows
from zorbit.services.subscriptions import entitled
from zorbit.services.terms import Terms
from zorbit.visibility import OPERATOR, Viewer, visible

LONGEST_DUE_FIRST = Order("scheduled_on", descending=False)


@dataclass(frozen=True, slots=True)
class DuePost:
    """A post to be posted now, and what a publisher needs to know of its owner."""

    post: Post
    owner_email: str
    subscription_status: SubscriptionStatus

    @property
    def id(self) -> UUID:
        """The post's."""
        return self.post.id

    @property
    def scheduled_on(self) -> datetime | None:
        """The post's."""
        return self.post.scheduled_on


def due(terms: Terms) -> Select[Any]:
    """Posts that are scheduled, not posted, not missed; of live users who are entitled."""
    return (
        visible(Post, OPERATOR)  # a publisher owns none of these posts
        .join(User, col(User.id) == col(Post.user_id))
        .join(Subscription, col(Subscription.user_id) == col(Post.user_id))
        .where(
            col(Post.scheduled_on) <= terms.now,
            col(Post.scheduled_on) >= terms.now - terms.missed_after,
            ~col(Post.is_posted_on_linkedin),
            entitled(terms),
        )
    )


async def due_posts(session: AsyncSession, _viewer: Viewer, terms: Terms, page: Page) -> Slice[DuePost]:
    """A page of the posts to be posted now, those first that have waited longest."""
    statement = due(terms).with_only_columns(Post, col(User.email), col(Subscription.status))
    rows = await session.execute(paging.paged(statement, Post, LONGEST_DUE_FIRST, page))
    return paging.sliced([DuePost(*row) for row in rows], page)


async def count_due_posts(session: AsyncSession, _viewer: Viewer, terms: Terms) -> int:
    """How many posts are due."""
    return await count_rows(session, due(terms).with_only_columns(col(Post.id)))

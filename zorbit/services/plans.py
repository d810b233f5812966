"""Plans: what can be subscribed to."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.models import Plan
from zorbit.visibility import Viewer, visible

OFFERS = 100


async def on_offer(session: AsyncSession, viewer: Viewer) -> Sequence[Plan]:
    """The plans that can be subscribed to, the cheapest first; at most OFFERS."""
    active = visible(Plan, viewer).where(col(Plan.is_active))
    return (await session.scalars(active.order_by(col(Plan.price), col(Plan.id)).limit(OFFERS))).all()

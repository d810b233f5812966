"""Plans: what can be subscribed to. A change of one holds from the next cycle and the next invoice on."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.checks import fault
from zorbit.errors import Conflict, NotFound, Refused
from zorbit.models import Invoice, InvoiceStatus, Plan, Subscription
from zorbit.services import locks
from zorbit.services.quotas import PLAN_LIMITS
from zorbit.services.rows import add_row, change, demand_unchanged
from zorbit.services.values import Values, demand, path_of
from zorbit.visibility import OPERATOR, Viewer, owner_of, stored, visible

OFFERS = 100
CURRENCY = re.compile(r"[A-Z]{3}")
FIXED = ("interval", "currency")
"""What periods that were paid for are counted by: it can't change under them."""


async def on_offer(session: AsyncSession, viewer: Viewer) -> Sequence[Plan]:
    """The plans that can be subscribed to, the cheapest first; at most OFFERS."""
    active = visible(Plan, viewer).where(col(Plan.is_active))
    return (await session.scalars(active.order_by(col(Plan.price), col(Plan.id)).limit(OFFERS))).all()


async def create(session: AsyncSession, values: Values) -> Plan:
    """A new plan, which can be subscribed to at once."""
    demand(*values.faults, *_faults(values))
    return await _as_kept(session, await add_row(session, Plan(**values)))


async def update(
    session: AsyncSession, viewer: Viewer, id: UUID, values: Values, *, if_updated_at: datetime | None
) -> Plan:
    """The plan with some columns changed; cycles that have begun keep the limits that they began with.

    Raises Conflict where its interval or currency would change under somebody who has it, or is offered it.
    """
    demand(*values.faults, *_faults(values))
    plan = await locks.lock_row(session, viewer, Plan, id, field="input.id")
    demand_unchanged(plan, if_updated_at)
    changed = [name for name in FIXED if name in values and values[name] != getattr(plan, name)]
    if changed and await _is_taken(session, plan.id):
        message = f"there are subscriptions or open invoices with its {changed[0]}: make another plan"
        raise Conflict(message, field=path_of(changed[0]), current=(Plan, plan.id))
    return await _as_kept(session, await change(session, plan, values))


async def _as_kept(session: AsyncSession, plan: Plan) -> Plan:
    """The plan with its price as PostgreSQL keeps it, in hundredths."""
    await session.refresh(plan, ["price"])
    return plan


async def retire(session: AsyncSession, viewer: Viewer, id: UUID) -> Plan:
    """The plan, which nobody can subscribe to any more; those who have it keep it."""
    plan = await locks.lock_row(session, viewer, Plan, id, field="input.id")
    return await change(session, plan, {"is_active": False})


async def hold(session: AsyncSession, id: UUID) -> Plan:
    """A plan that something refers to; its price and limits stay what they are until the transaction ends."""
    return await locks.lock_row(session, OPERATOR, Plan, id, field="input.planId", shared=True)


async def choose(session: AsyncSession, user_id: UUID, id: UUID, *, present: UUID | None = None) -> Plan:
    """The plan that a user asks for, held; it must be active, or be the `present` one.

    Raises NotFound for one that the user can't see, or that is retired.
    """
    plan = await locks.lock_row(session, owner_of(user_id), Plan, id, field="input.planId", shared=True)
    if not plan.is_active and plan.id != present:
        raise NotFound(field="input.planId")
    return plan


async def _is_taken(session: AsyncSession, id: UUID) -> bool:
    # Deleted users' too: they may be restored.
    subscribed = stored(Subscription).where(
        or_(col(Subscription.plan_id) == id, col(Subscription.next_plan_id) == id)
    )
    offered = stored(Invoice).where(col(Invoice.plan_id) == id, col(Invoice.status) == InvoiceStatus.OPEN)
    statements = [
        subscribed.with_only_columns(col(Subscription.id)),
        offered.with_only_columns(col(Invoice.id)),
    ]
    for statement in statements:
        if await session.scalar(statement.limit(1)) is not None:
            return True
    return False


def _faults(values: Values) -> list[Refused]:
    negative = [name for name in PLAN_LIMITS.values() if values.get(name, 0) < 0]
    faults: list[Refused] = [fault(path_of(name), "must be 0 or more") for name in negative]
    return faults + currency_faults(values)


def currency_faults(values: Values) -> list[Refused]:
    """Whether a currency that is given is written as ISO 4217 does."""
    if CURRENCY.fullmatch(values.get("currency", "USD")):
        return []
    return [fault("input.currency", "must be three capital letters, like USD")]

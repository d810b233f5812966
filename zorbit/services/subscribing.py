"""Subscribing: what a user asks for, from the first trial to the cancellation.

What costs more is offered by an invoice and takes effect when that is paid; what costs less waits for the
period's end.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from zorbit.errors import Conflict, SubscriptionRequired
from zorbit.models import Invoice, Plan, Subscription, SubscriptionStatus
from zorbit.services import invoices, locks, periods, plans
from zorbit.services.invoices import DUE, Item
from zorbit.services.rows import change
from zorbit.services.subscriptions import RUNNING, is_entitled, is_trial
from zorbit.services.terms import Terms
from zorbit.visibility import Viewer

Outcome = tuple[Subscription | None, Invoice | None]
"""The subscription as it is now, and what is to be paid, or was."""


async def subscribe(
    session: AsyncSession, user_id: UUID, plan_id: UUID, terms: Terms, *, trial: bool
) -> Outcome:
    """What the user needs to have the plan: the trial, an offer, or the paid period that was canceled.

    Raises Conflict for a second trial, and where a subscription holds: its plan is changed by `change_plan`.
    """
    _, subscription = await locks.hold_account(session, user_id)
    plan = await plans.choose(session, user_id, plan_id)
    holds = subscription is not None and await is_entitled(session, subscription, terms)
    if trial:
        return await _try(session, user_id, subscription, plan, terms, holds=holds), None
    if subscription is None or not holds or is_trial(subscription):
        return await _offer_whole(session, user_id, subscription, plan, terms)
    if subscription.status is not SubscriptionStatus.CANCELED:
        message = "there is a subscription already: change its plan"
        raise _conflict(message, subscription, field="input.planId")
    await _reopen(session, subscription)
    if plan.id == subscription.plan_id:
        return subscription, None
    return await _switch(session, subscription, plan, terms)


async def _try(
    session: AsyncSession,
    user_id: UUID,
    subscription: Subscription | None,
    plan: Plan,
    terms: Terms,
    *,
    holds: bool,
) -> Subscription:
    if subscription is not None and subscription.trial_ends_at is not None:
        raise _conflict("the trial was used already", subscription, field="input.trial")
    if subscription is not None and holds:
        raise _conflict("there is a subscription already", subscription, field="input.trial")
    return await periods.begin_trial(session, user_id, subscription, plan, terms)


async def change_plan(
    session: AsyncSession, viewer: Viewer, id: UUID, plan_id: UUID, terms: Terms
) -> Outcome:
    """An offer of the dearer plan, or the other one from the period's end on; the present one undoes that.

    Raises SubscriptionRequired where none holds, Conflict where it is canceled or nothing would change.
    """
    subscription = await locks.hold_row(session, viewer, Subscription, id, field="input.id", alone=True)
    plan = await plans.choose(session, subscription.user_id, plan_id, present=subscription.plan_id)
    if not await is_entitled(session, subscription, terms):
        raise SubscriptionRequired
    if subscription.status is SubscriptionStatus.CANCELED:
        raise _conflict("it is canceled: resume it first", subscription)
    if subscription.status is SubscriptionStatus.TRIALING:
        return await _offer_whole(session, subscription.user_id, subscription, plan, terms)
    return await _switch(session, subscription, plan, terms)


async def _switch(session: AsyncSession, subscription: Subscription, plan: Plan, terms: Terms) -> Outcome:
    """Another plan for a paid subscription."""
    # As the periodic job would have, had it come by since.
    await renew(session, subscription, terms)
    if plan.id == subscription.plan_id:
        return await _stay(session, subscription, plan, terms)
    old = await plans.hold(session, subscription.plan_id)
    if plan.currency != old.currency:
        raise _conflict(
            f"it is paid in {old.currency}, the other in {plan.currency}", subscription, field="input.planId"
        )
    if subscription.status is SubscriptionStatus.PAST_DUE:
        # Nothing of the next period is paid yet, so the other plan takes it whole.
        return await _offer_next(session, subscription, plan, terms)
    paid = await invoices.price_paid(session, subscription.user_id, old)
    if plan.price > paid and periods.MONTHS[plan.interval] >= periods.MONTHS[old.interval]:
        return await _offer_upgrade(session, subscription, old, plan, terms, paid=paid)
    await invoices.withdraw(session, subscription.user_id)
    return await change(session, subscription, {"next_plan_id": plan.id}), None


async def _stay(session: AsyncSession, subscription: Subscription, plan: Plan, terms: Terms) -> Outcome:
    """Undo what was asked for: the present plan goes on."""
    withdrawn = await invoices.withdraw(session, subscription.user_id, keep=plan.id)
    is_past_due = subscription.status is SubscriptionStatus.PAST_DUE
    if is_past_due and not await invoices.is_offered(session, subscription.user_id):
        return await _offer_next(session, subscription, plan, terms)
    if not withdrawn and subscription.next_plan_id is None:
        raise _conflict("it has this plan already", subscription, field="input.planId")
    return await change(session, subscription, {"next_plan_id": None}), None


async def _offer_whole(
    session: AsyncSession, user_id: UUID, subscription: Subscription | None, plan: Plan, terms: Terms
) -> Outcome:
    """The first period, from the day on that it is paid."""
    items = [Item(f"{plan.name} plan, one {plan.interval}", plan.price)]
    invoice = await invoices.offer(session, user_id, plan, items, terms, due=terms.now + DUE)
    return await _settled(session, invoice, subscription, terms)


async def _offer_upgrade(
    session: AsyncSession, subscription: Subscription, old: Plan, plan: Plan, terms: Terms, *, paid: Decimal
) -> Outcome:
    """What the rest of the period costs with the new plan, less what is left of what was `paid` for the old.

    Never less than nothing: of a longer period, begun at the same time, no smaller part is left, and each
    part of a dearer plan costs more. Nothing, in a period's last minutes, waits to be paid too: the dearer
    plan's next period begins with the days of grace.
    """
    start, end = periods.began(subscription, old), subscription.renewal_date
    new_end = periods.moved(subscription, start, periods.MONTHS[plan.interval])
    items = [
        Item(
            f"{plan.name} plan, until {_day(new_end)}", periods.share(plan.price, start, new_end, terms.now)
        ),
        Item(f"{old.name} plan, credit until {_day(end)}", -periods.share(paid, start, end, terms.now)),
    ]
    await change(session, subscription, {"next_plan_id": None})
    user_id = subscription.user_id
    invoice = await invoices.offer(session, user_id, plan, items, terms, due=terms.now + DUE)
    return subscription, invoice


async def _offer_next(session: AsyncSession, subscription: Subscription, plan: Plan, terms: Terms) -> Outcome:
    invoice = await _bill_next(session, subscription, plan, terms)
    return await _settled(session, invoice, subscription, terms)


async def _bill_next(session: AsyncSession, subscription: Subscription, plan: Plan, terms: Terms) -> Invoice:
    """An offer of the period from `renewalDate` on."""
    start = subscription.renewal_date
    items = [Item(f"{plan.name} plan, one {plan.interval} from {_day(start)}", plan.price)]
    due = max(terms.now, start + terms.grace)
    return await invoices.offer(session, subscription.user_id, plan, items, terms, due=due)


async def _settled(
    session: AsyncSession, invoice: Invoice, subscription: Subscription | None, terms: Terms
) -> Outcome:
    """A whole period that costs nothing is paid at once."""
    if invoice.amount > 0:
        return subscription, invoice
    invoice, subscription = await invoices.settle(session, invoice, subscription, terms)
    return subscription, invoice


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


async def renew(session: AsyncSession, subscription: Subscription, terms: Terms) -> None:
    """Where an active subscription's `renewalDate` has come: the next plan takes over, the period is billed.

    A period that costs nothing is paid at once, and all that were missed with it; else it is past due.
    """
    if subscription.status is not SubscriptionStatus.ACTIVE or subscription.renewal_date > terms.now:
        return
    plan = await plans.hold(session, subscription.next_plan_id or subscription.plan_id)
    if subscription.next_plan_id is not None:
        await periods.take_over(session, subscription, plan)
    invoice = await _bill_next(session, subscription, plan, terms)
    if invoice.amount > 0:
        await change(session, subscription, {"status": SubscriptionStatus.PAST_DUE})
        return
    await invoices.mark_paid(session, invoice, terms)
    while subscription.renewal_date <= terms.now:
        await periods.renew(session, subscription, plan)


async def cancel(session: AsyncSession, viewer: Viewer, id: UUID, terms: Terms) -> Subscription:
    """The subscription, ending with what is paid for. Raises Conflict for one that does not go on anyway."""
    subscription = await locks.hold_row(session, viewer, Subscription, id, field="input.id", alone=True)
    if subscription.status not in RUNNING:
        raise _conflict(f"it is {subscription.status} already", subscription)
    return await end_with_period(session, subscription, terms)


async def end_with_period(session: AsyncSession, subscription: Subscription, terms: Terms) -> Subscription:
    """A running subscription, canceled; what is offered is withdrawn. What is past due ends at once."""
    # As the periodic job would have: a free period that has begun goes on to its end, or canceling and
    # subscribing again would begin another one, and count anew.
    await renew(session, subscription, terms)
    await invoices.withdraw(session, subscription.user_id)
    is_trying = subscription.status is SubscriptionStatus.TRIALING
    values = {
        "status": SubscriptionStatus.CANCELED,
        "canceled_at": terms.now,
        "end_date": subscription.trial_ends_at if is_trying else subscription.renewal_date,
        "next_plan_id": None,
    }
    return await change(session, subscription, values)


async def resume(session: AsyncSession, viewer: Viewer, id: UUID, terms: Terms) -> Subscription:
    """The subscription without its cancellation, or without the plan that was to come next.

    Raises Conflict where there is neither, or the end has come.
    """
    subscription = await locks.hold_row(session, viewer, Subscription, id, field="input.id", alone=True)
    if subscription.status is SubscriptionStatus.CANCELED:
        if not await is_entitled(session, subscription, terms):
            raise _conflict("it has ended: subscribe again", subscription)
        return await _reopen(session, subscription)
    if subscription.next_plan_id is None:
        raise _conflict("there is nothing to undo", subscription)
    return await change(session, subscription, {"next_plan_id": None})


async def _reopen(session: AsyncSession, subscription: Subscription) -> Subscription:
    """A canceled subscription before its end, going on as before."""
    status = SubscriptionStatus.TRIALING if is_trial(subscription) else SubscriptionStatus.ACTIVE
    return await change(session, subscription, {"status": status, "end_date": None, "canceled_at": None})


def _conflict(message: str, subscription: Subscription, *, field: str = "input.id") -> Conflict:
    return Conflict(message, field=field, current=(Subscription, subscription.id))

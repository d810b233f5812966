"""Invoices: what is to be paid, and what being paid brings about.

An invoice with a plan is an offer: it takes effect in the transaction that marks it paid. A user has one open
offer at most, a newer one withdraws the older.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.checks import MONEY_LIMIT, fault
from zorbit.errors import Conflict, NotFound, Refused
from zorbit.models import Invoice, InvoiceItem, InvoiceStatus, PaymentMethod, Plan, Subscription
from zorbit.models.billing import INVOICE_NUMBERS
from zorbit.services import locks, periods, plans
from zorbit.services.rows import add_row, add_rows, change
from zorbit.services.subscriptions import RUNNING, is_entitled, is_trial
from zorbit.services.terms import Terms
from zorbit.services.values import Values, demand
from zorbit.visibility import Viewer, owner_of, visible

DUE = timedelta(days=14)
"""How long an offer may be thought over."""
QUANTITY_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an invoice."""

    description: str
    unit_price: Decimal
    quantity: int = 1

    @property
    def amount(self) -> Decimal:
        """What the line comes to; exact, for at most 17 digits are multiplied."""
        return self.quantity * self.unit_price


async def issue(session: AsyncSession, values: Values, terms: Terms) -> Invoice:
    """An open invoice for a user, which brings about nothing but its payment."""
    demand(*values.faults, *_faults(values, terms))
    user_id = values["user_id"]
    await locks.hold_account(session, user_id, field="input.userId")
    items = [Item(**item) for item in values["items"]]
    named = {"currency": values["currency"]} if "currency" in values else {}
    return await _write(session, user_id, items, terms, due_date=values["due_date"], **named)


async def offer(
    session: AsyncSession, user_id: UUID, plan: Plan, items: Sequence[Item], terms: Terms, *, due: datetime
) -> Invoice:
    """An open invoice that brings `plan` when it is paid; the account must be held."""
    await withdraw(session, user_id)
    offered = {"currency": plan.currency, "plan_id": plan.id, "plan_price": plan.price}
    return await _write(session, user_id, items, terms, due_date=due, **offered)


async def _write(
    session: AsyncSession, user_id: UUID, items: Sequence[Item], terms: Terms, **values: Any
) -> Invoice:
    number = await session.scalar(INVOICE_NUMBERS)
    written = Invoice(
        invoice_number=f"Z{terms.now.year}-{number:06d}",
        amount=sum((item.amount for item in items), Decimal("0.00")),
        status=InvoiceStatus.OPEN,
        billing_date=terms.now,
        user_id=user_id,
        **values,
    )
    invoice = await add_row(session, written)
    # Their keys, ordered by time, keep them in their order.
    lines = [InvoiceItem(**asdict(item), amount=item.amount, invoice_id=invoice.id) for item in items]
    await add_rows(session, lines)
    return invoice


async def withdraw(
    session: AsyncSession,
    user_id: UUID,
    *,
    keep: UUID | None = None,
    status: InvoiceStatus = InvoiceStatus.VOID,
) -> int:
    """Withdraw the user's open offers, but those of the plan `keep`; how many they were."""
    statement = update(Invoice).where(
        col(Invoice.user_id) == user_id,
        col(Invoice.status) == InvoiceStatus.OPEN,
        col(Invoice.plan_id).is_not(None),
        col(Invoice.plan_id).is_distinct_from(keep),
    )
    withdrawn = await session.scalars(
        statement.values(status=status)
        .returning(col(Invoice.id))
        .execution_options(synchronize_session=False)
    )
    return len(withdrawn.all())


async def is_offered(session: AsyncSession, user_id: UUID) -> bool:
    """Whether an offer to the user is open."""
    offers = visible(Invoice, owner_of(user_id)).where(
        col(Invoice.status) == InvoiceStatus.OPEN, col(Invoice.plan_id).is_not(None)
    )
    return await session.scalar(offers.with_only_columns(col(Invoice.id))) is not None


async def price_paid(session: AsyncSession, user_id: UUID, plan: Plan) -> Decimal:
    """The price at which the user had the plan last; the present one where that is not known."""
    paid = visible(Invoice, owner_of(user_id)).where(
        col(Invoice.status) == InvoiceStatus.PAID, col(Invoice.plan_id) == plan.id
    )
    latest = paid.order_by(col(Invoice.paid_date).desc(), col(Invoice.id).desc()).limit(1)
    price = await session.scalar(latest.with_only_columns(col(Invoice.plan_price)))
    return plan.price if price is None else price


async def pay(
    session: AsyncSession, viewer: Viewer, values: Values, terms: Terms
) -> tuple[Invoice, Subscription | None]:
    """The invoice, paid, and the subscription where it was an offer.

    Paid with the method that is named, with none where that is null, with the owner's default where nothing
    is said. Raises Conflict for an invoice that is not open.
    """
    demand(*values.faults)
    invoice, subscription = await _hold(session, viewer, values["id"])
    _demand_status(invoice, InvoiceStatus.OPEN)
    method_id = await _method_id(session, invoice.user_id, values)
    return await settle(session, invoice, subscription, terms, method_id=method_id)


async def settle(
    session: AsyncSession,
    invoice: Invoice,
    subscription: Subscription | None,
    terms: Terms,
    *,
    method_id: UUID | None = None,
) -> tuple[Invoice, Subscription | None]:
    """The open invoice, paid, and what follows from it; the account must be held."""
    brought = None
    if invoice.plan_id is not None:
        brought = await _take_effect(session, invoice, invoice.plan_id, subscription, terms)
    return await mark_paid(session, invoice, terms, method_id=method_id), brought


async def mark_paid(
    session: AsyncSession, invoice: Invoice, terms: Terms, *, method_id: UUID | None = None
) -> Invoice:
    """The invoice, paid; whatever follows from it is the caller's to do."""
    paid = {"status": InvoiceStatus.PAID, "paid_date": terms.now, "payment_method_id": method_id}
    return await change(session, invoice, paid)


async def _take_effect(
    session: AsyncSession, invoice: Invoice, plan_id: UUID, subscription: Subscription | None, terms: Terms
) -> Subscription:
    """What an offer promised: a new period, another plan in the present one, or the next one.

    What was offered before `renewalDate` concerned the present period, what was offered since, the next.
    """
    plan = await plans.hold(session, plan_id)
    if subscription is None or is_trial(subscription):
        return await periods.begin(session, invoice.user_id, subscription, plan, terms)
    is_within = invoice.billing_date < subscription.renewal_date
    if not await is_entitled(session, subscription, terms):
        if is_within and subscription.status in RUNNING:
            # The price was that of a part of a period, which is over.
            raise Conflict(
                "it offers a change within a period that is over: void it",
                field="input.id",
                current=(Subscription, subscription.id),
            )
        return await periods.begin(session, invoice.user_id, subscription, plan, terms)
    if is_within and plan.id != subscription.plan_id:
        old = await plans.hold(session, subscription.plan_id)
        return await periods.change_within(session, subscription, old, plan, terms)
    return await periods.renew(session, subscription, plan)


async def void(session: AsyncSession, viewer: Viewer, id: UUID) -> Invoice:
    """The invoice, withdrawn. Raises Conflict for one that is neither open nor a draft."""
    invoice, _ = await _hold(session, viewer, id)
    _demand_status(invoice, InvoiceStatus.OPEN, InvoiceStatus.DRAFT)
    return await change(session, invoice, {"status": InvoiceStatus.VOID})


async def _hold(session: AsyncSession, viewer: Viewer, id: UUID) -> tuple[Invoice, Subscription | None]:
    """The visible invoice and its owner's subscription, held, and the owner alone."""
    user_id = await locks.hold_ancestors(session, viewer, Invoice, id, field="input.id", alone=True)
    subscription = await locks.hold_subscription(session, user_id)
    return await locks.lock_row(session, viewer, Invoice, id, field="input.id"), subscription


def _demand_status(invoice: Invoice, *wanted: InvoiceStatus) -> None:
    if invoice.status not in wanted:
        raise Conflict(f"it is {invoice.status}", field="input.id", current=(Invoice, invoice.id))


async def _method_id(session: AsyncSession, user_id: UUID, values: Values) -> UUID | None:
    usable = visible(PaymentMethod, owner_of(user_id)).where(col(PaymentMethod.removed_at).is_(None))
    ids = usable.with_only_columns(col(PaymentMethod.id))
    if "payment_method_id" not in values:
        return await session.scalar(ids.where(col(PaymentMethod.is_default)))
    given: UUID | None = values["payment_method_id"]
    if given is not None and await session.scalar(ids.where(col(PaymentMethod.id) == given)) is None:
        raise NotFound(field="input.paymentMethodId")
    return given


def _faults(values: Values, terms: Terms) -> list[Refused]:
    faults = plans.currency_faults(values)
    if "due_date" in values and values["due_date"] < terms.now:
        faults.append(fault("input.dueDate", "must not be past"))
    items = values.get("items", [])
    for index, item in enumerate(items):
        faults += _item_faults(item, f"input.items.{index}")
    if not faults and sum(map(_amount, items)) >= MONEY_LIMIT:
        faults.append(fault("input.items", f"must come to less than {MONEY_LIMIT}"))
    return faults


def _item_faults(item: Values, field: str) -> list[Refused]:
    if not 1 <= item.get("quantity", 1) <= QUANTITY_LIMIT:
        return [fault(f"{field}.quantity", f"must be 1 to {QUANTITY_LIMIT}")]
    if _amount(item) >= MONEY_LIMIT:
        return [fault(field, f"must come to less than {MONEY_LIMIT}")]
    return []


def _amount(item: Values) -> Decimal:
    """What an item comes to, as far as it is valid."""
    return Decimal(item.get("quantity", 1) * item.get("unit_price", 0))

"""Invariants of what is paid."""

from sqlalchemy import and_, func, or_, select
from sqlmodel import col

from zorbit.doctor.invariants import Offenders, found, invariant, told
from zorbit.models import (
    Invoice,
    InvoiceItem,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
    SubscriptionStatus,
    User,
)
from zorbit.services.subscriptions import RUNNING
from zorbit.visibility import stored


@invariant
def invoices_add_up() -> Offenders:
    """An invoice with items comes to their sum."""
    items = (
        stored(InvoiceItem)
        .with_only_columns(col(InvoiceItem.invoice_id), func.sum(col(InvoiceItem.amount)).label("amount"))
        .group_by(col(InvoiceItem.invoice_id))
        .subquery()
    )
    rows = stored(Invoice).join(items, items.c.invoice_id == col(Invoice.id))
    wrong = rows.where(col(Invoice.amount) != items.c.amount)
    return found(Invoice, wrong, "amount ", Invoice.amount, ", but its items come to ", items.c.amount)


@invariant
def items_multiply() -> Offenders:
    """An item comes to its quantity times its unit price."""
    quantity, price = col(InvoiceItem.quantity), col(InvoiceItem.unit_price)
    wrong = stored(InvoiceItem).where(col(InvoiceItem.amount) != quantity * price)
    return found(InvoiceItem, wrong, "amount ", InvoiceItem.amount, ", for ", quantity, " at ", price)


@invariant
def paid_invoices_dated() -> Offenders:
    """A paid invoice has the date on which it was paid."""
    wrong = stored(Invoice).where(col(Invoice.status) == InvoiceStatus.PAID, col(Invoice.paid_date).is_(None))
    return found(Invoice, wrong, "paid without a date")


@invariant
def one_open_offer() -> Offenders:
    """A user has at most one open invoice that brings a plan."""
    place = func.row_number().over(
        partition_by=col(Invoice.user_id), order_by=[col(Invoice.created_at), col(Invoice.id)]
    )
    offers = (
        stored(Invoice)
        .where(col(Invoice.status) == InvoiceStatus.OPEN, col(Invoice.plan_id).is_not(None))
        .with_only_columns(col(Invoice.id), col(Invoice.user_id), place.label("place"))
        .subquery()
    )
    wrong = select(offers).where(offers.c.place > 1)
    return told(wrong, Invoice, offers.c.id, "offer ", offers.c.place, " of user ", offers.c.user_id)


@invariant
def one_default_method() -> Offenders:
    """Whoever has methods of payment has exactly one default, and that one isn't removed."""
    is_live, is_default = col(PaymentMethod.removed_at).is_(None), col(PaymentMethod.is_default)
    live = func.count().filter(is_live)
    defaults = func.count().filter(is_default)
    removed = func.count().filter(is_default, ~is_live)
    users = stored(PaymentMethod).group_by(col(PaymentMethod.user_id))
    wrong = users.having(or_(and_(live > 0, defaults != 1), removed > 0))
    problem = (live, " methods, ", defaults, " defaults, ", removed, " of them removed")
    return told(wrong, User, col(PaymentMethod.user_id), *problem)


@invariant
def trials_end() -> Offenders:
    """A trial has its end."""
    wrong = stored(Subscription).where(
        col(Subscription.status) == SubscriptionStatus.TRIALING, col(Subscription.trial_ends_at).is_(None)
    )
    return found(Subscription, wrong, "trialing without an end")


@invariant
def cancellations_end() -> Offenders:
    """A canceled subscription has its end."""
    wrong = stored(Subscription).where(
        col(Subscription.status) == SubscriptionStatus.CANCELED, col(Subscription.end_date).is_(None)
    )
    return found(Subscription, wrong, "canceled without an end")


@invariant
def periods_forward() -> Offenders:
    """A subscription renews after it has begun."""
    start, renewal = col(Subscription.start_date), col(Subscription.renewal_date)
    return found(Subscription, stored(Subscription).where(renewal <= start), "from ", start, " to ", renewal)


@invariant
def deleted_users_canceled() -> Offenders:
    """A deleted user's subscription doesn't go on by itself."""
    rows = stored(Subscription).join(User, col(User.id) == col(Subscription.user_id))
    wrong = rows.where(col(User.is_deleted), col(Subscription.status).in_(RUNNING))
    return found(Subscription, wrong, Subscription.status, ", though its user is deleted")

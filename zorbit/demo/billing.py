"""What a user pays for: the subscription, ways to pay, and invoices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from zorbit.demo.plans import PLANS, is_yearly
from zorbit.demo.scene import Scene
from zorbit.models import (
    Invoice,
    InvoiceItem,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
    SubscriptionStatus,
)
from zorbit.services.cycles import months_after

EXTRA_PRICE = Decimal("4.50")
DUE = timedelta(days=14)
MISTAKEN = 5
"""After so many months somebody sends an invoice twice."""

_LAST_INVOICE = {
    SubscriptionStatus.PAST_DUE: InvoiceStatus.OPEN,
    SubscriptionStatus.EXPIRED: InvoiceStatus.UNCOLLECTIBLE,
}


@dataclass(frozen=True, slots=True)
class Methods:
    """How a user pays now, and paid at first."""

    current: UUID
    removed: UUID


def write_billing(scene: Scene, plan_id: UUID) -> None:
    """Add the subscription and everything that was paid, or was not."""
    _write_subscription(scene, plan_id)
    methods = _write_methods(scene)
    dates = _billing_dates(scene)
    for number, date in enumerate(dates):
        is_last = number == len(dates) - 1
        status = _LAST_INVOICE.get(scene.profile.status) if is_last else None
        # The first was paid with the card that has been removed since.
        method = methods.current if number else methods.removed
        _write_invoice(scene, number, date, status or InvoiceStatus.PAID, method=method, plan_id=plan_id)
    number = len(dates)
    if scene.profile.months == MISTAKEN:
        mistaken = scene.terms.windows[-1].cycle.start + timedelta(minutes=30)
        _write_invoice(scene, number, mistaken, InvoiceStatus.VOID)
        number += 1
    if scene.profile.status is SubscriptionStatus.ACTIVE:
        _write_invoice(scene, number, scene.terms.renewal, InvoiceStatus.DRAFT, plan_id=plan_id)


def _write_subscription(scene: Scene, plan_id: UUID) -> None:
    terms = scene.terms
    scene.add(
        Subscription,
        terms.start,
        updated_at=terms.canceled_at or terms.windows[-1].cycle.start,
        status=scene.profile.status.value,
        start_date=terms.start,
        end_date=terms.end,
        renewal_date=terms.renewal,
        canceled_at=terms.canceled_at,
        trial_ends_at=terms.trial_ends_at,
        plan_id=plan_id,
        dodo_subscription_id=f"sub_demo_{scene.index + 1}" if _is_known_to_provider(scene) else None,
    )


def _is_known_to_provider(scene: Scene) -> bool:
    return scene.profile.plan != "Free" and scene.profile.status is not SubscriptionStatus.TRIALING


def _write_methods(scene: Scene) -> Methods:
    first = scene.after(scene.terms.start, -9, -5)
    second = first + timedelta(days=1)
    removed = scene.add(
        PaymentMethod,
        first,
        type="credit_card",
        card_brand="mastercard",
        last_four="4444",
        expiry_month=scene.day.month,
        expiry_year=scene.day.year,
        updated_at=second + timedelta(minutes=2),
        removed_at=second + timedelta(minutes=2),
        provider_token=f"pm_demo_{scene.index + 1}_1",
    )
    third = scene.after(second, 3, 9)
    scene.add(PaymentMethod, third, type="paypal")
    current = scene.add(
        PaymentMethod,
        second,
        type="credit_card",
        card_brand="visa",
        last_four="4242",
        expiry_month=12,
        expiry_year=scene.day.year + 3,
        is_default=True,
        provider_token=f"pm_demo_{scene.index + 1}_2",
    )
    return Methods(current, removed)


def _billing_dates(scene: Scene) -> list[datetime]:
    """When invoices were written; none during a trial."""
    if scene.profile.status is SubscriptionStatus.TRIALING:
        return []
    if is_yearly(scene.profile.plan):
        return [scene.terms.start]
    months = scene.profile.months + (scene.profile.status is not SubscriptionStatus.EXPIRED)
    return [months_after(scene.terms.start, month) for month in range(months)]


def _write_invoice(
    scene: Scene,
    number: int,
    date: datetime,
    status: InvoiceStatus,
    *,
    method: UUID | None = None,
    plan_id: UUID | None = None,
) -> None:
    is_paid = status is InvoiceStatus.PAID
    # A draft is written before the date that will stand on it.
    at = min(scene.after(date, 1, 20), scene.day - timedelta(minutes=5 + number))
    paid_at = scene.after(at, 1, 30) if is_paid else None
    price = PLANS[scene.profile.plan]["price"]
    extras = 3 if number == 2 and price else 0
    invoice_id = scene.add(
        Invoice,
        at,
        updated_at=paid_at,
        invoice_number=f"ZD-{scene.index + 1:06d}-{number + 1:03d}",
        amount=price + extras * EXTRA_PRICE,
        status=status.value,
        billing_date=date,
        due_date=date + DUE,
        paid_date=paid_at,
        stripe_invoice_id=f"in_demo_{scene.index + 1}_{number + 1}" if is_paid else None,
        payment_method_id=method if is_paid else None,
        plan_id=plan_id,
        plan_price=None if plan_id is None else price,
    )
    interval = "year" if is_yearly(scene.profile.plan) else "month"
    items = [(f"{scene.profile.plan} plan, {interval} from {date:%Y-%m-%d}", 1, price)]
    if extras:
        items.append(("Additional images", extras, EXTRA_PRICE))
    _write_items(scene, at, invoice_id, items)


def _write_items(scene: Scene, at: datetime, invoice_id: UUID, items: list[tuple[str, int, Decimal]]) -> None:
    """Add lines of an invoice, each given as what, how many, at what price."""
    for place, (description, quantity, price) in enumerate(items):
        scene.add(
            InvoiceItem,
            at + timedelta(milliseconds=place),
            description=description,
            quantity=quantity,
            unit_price=price,
            amount=quantity * price,
            invoice_id=invoice_id,
        )

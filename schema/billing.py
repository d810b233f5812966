"""Plans, subscriptions and what is paid for them."""

import strawberry

from schema.access import Access
from schema.graph import Node, many, one, shape
from zorbit import models
from zorbit.loaders.relations import OLDEST_FIRST


@shape(
    models.Plan,
    "What can be subscribed to, and the limits it brings.",
    filters=("name", "is_active", "interval"),
)
class Plan(Node):
    """What can be subscribed to."""

    name: strawberry.auto
    description: strawberry.auto
    price: strawberry.auto
    currency: strawberry.auto
    interval: strawberry.auto
    features: strawberry.auto
    post_generation_limit: strawberry.auto
    idea_generation_limit: strawberry.auto
    comment_generation_limit: strawberry.auto
    post_scheduling_limit: strawberry.auto
    persona_limit: strawberry.auto
    image_creation_limit: strawberry.auto
    dodo_product_id: strawberry.auto
    is_active: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    subscriptions = many(
        models.Subscription.plan_id, "For admins: who subscribes to it.", access=Access.ADMINS
    )


@shape(
    models.Subscription,
    "A user's subscription to a plan.",
    filters=("status", "renewal_date", "created_at"),
)
class Subscription(Node):
    """A user's subscription to a plan."""

    status: strawberry.auto
    start_date: strawberry.auto
    end_date: strawberry.auto
    renewal_date: strawberry.auto
    canceled_at: strawberry.auto
    trial_ends_at: strawberry.auto
    dodo_subscription_id: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Subscription.user_id, "Who subscribes.")
    plan = one(models.Subscription.plan_id, "The plan subscribed to.")
    next_plan = one(
        models.Subscription.next_plan_id,
        "The plan that takes over when the period ends; null where the present one goes on.",
    )


@shape(
    models.PaymentMethod, "A way to pay: never a card's number.", filters=("type", "is_default", "created_at")
)
class PaymentMethod(Node):
    """A way to pay."""

    type: strawberry.auto
    card_brand: strawberry.auto
    last_four: strawberry.auto
    expiry_month: strawberry.auto
    expiry_year: strawberry.auto
    is_default: strawberry.auto
    removed_at: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.PaymentMethod.user_id, "Who pays with it.")
    invoices = many(models.Invoice.payment_method_id, "The invoices paid with it.")


@shape(
    models.Invoice,
    "A bill for a user.",
    filters=("status", "amount", "billing_date", "due_date", "paid_date", "created_at"),
)
class Invoice(Node):
    """A bill for a user."""

    invoice_number: strawberry.auto
    amount: strawberry.auto
    currency: strawberry.auto
    status: strawberry.auto
    billing_date: strawberry.auto
    due_date: strawberry.auto
    paid_date: strawberry.auto
    stripe_invoice_id: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    user = one(models.Invoice.user_id, "Who is billed.")
    payment_method = one(models.Invoice.payment_method_id, "What it was paid with.")
    plan = one(
        models.Invoice.plan_id,
        "The plan that paying it subscribes to, changes to or renews; null where it is for something else.",
    )
    items = many(
        models.InvoiceItem.invoice_id, "Its lines, in the order they were added.", default_order=OLDEST_FIRST
    )


@shape(models.InvoiceItem, "A line of an invoice.", filters=("description", "amount", "created_at"))
class InvoiceItem(Node):
    """A line of an invoice."""

    description: strawberry.auto
    quantity: strawberry.auto
    unit_price: strawberry.auto
    amount: strawberry.auto
    created_at: strawberry.auto
    updated_at: strawberry.auto

    invoice = one(models.InvoiceItem.invoice_id, "The invoice it is part of.")

"""Plans and what is paid for them. Money is `numeric(10,2)`; none of these rows is deleted softly."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Sequence, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from zorbit.models.base import (
    Editable,
    check,
    choice,
    document,
    flag,
    integer,
    listing,
    long,
    moment,
    money,
    on_create,
    owned_reference,
    owner,
    short,
    string,
    text_column,
)
from zorbit.models.choices import InvoiceStatus, PlanInterval, SubscriptionStatus


def _currency_form() -> CheckConstraint:
    return check("currency_form", "currency ~ '^[A-Z]{3}$'")


def _currency() -> Any:
    return Field(
        default="USD",
        sa_column_kwargs={"server_default": "USD"},
        description="ISO 4217 code of the currency.",
    )


class Plan(Editable, table=True):
    """What can be subscribed to, and the limits it brings."""

    __tablename__ = "Plan"

    name: str = string("The plan's name.")
    description: str | None = text_column("What the plan offers.", None)
    price: Decimal = money("What an interval costs.")
    currency: str = _currency()
    interval: PlanInterval = choice(PlanInterval, "How often it is paid.", PlanInterval.MONTH)
    features: Any | None = document("What the plan brings, for showing.")
    post_generation_limit: int = integer("Posts that may be generated each month.")
    idea_generation_limit: int = integer("Ideas that may be generated each month.")
    comment_generation_limit: int = integer("Comments that may be generated each month.", 0)
    post_scheduling_limit: int = integer("Posts that may be scheduled each month.", 0)
    persona_limit: int = integer("Personas that may exist at a time.")
    image_creation_limit: int = integer("Images that may be made each month.")
    dodo_product_id: str | None = string("The payment provider's id of the product.", None)
    is_active: bool = flag("Whether it can be subscribed to.", default=True)

    __table_args__ = (
        _currency_form(),
        check("price_not_negative", "price >= 0 AND price < 'NaN'"),
        check(
            "limits_not_negative",
            'least("postGenerationLimit", "ideaGenerationLimit", "commentGenerationLimit", '
            '"postSchedulingLimit", "personaLimit", "imageCreationLimit") >= 0',
        ),
        *short("name"),
        *long("description"),
        listing("created_at", live=False),
    )


class Subscription(Editable, table=True):
    """A user's subscription to a plan; a user has one at most."""

    __tablename__ = "Subscription"

    status: SubscriptionStatus = choice(SubscriptionStatus, "Where it stands.")
    start_date: datetime = moment(
        "The start of the paid period (or of the trial): cycles are counted from here."
    )
    end_date: datetime | None = moment("When it ends, once canceled.")
    renewal_date: datetime = moment("When the next period begins.")
    canceled_at: datetime | None = moment("When it was canceled.")
    trial_ends_at: datetime | None = moment("When the trial ends.")
    user_id: UUID = owner()
    plan_id: UUID = Field(foreign_key="Plan.id", ondelete="RESTRICT", description="The plan subscribed to.")
    dodo_subscription_id: str | None = string("The payment provider's id of the subscription.", None)
    # Not in the source: a change to a smaller plan waits for the period's end, and can be undone before.
    next_plan_id: UUID | None = Field(
        default=None,
        foreign_key="Plan.id",
        ondelete="RESTRICT",
        description="The plan that takes over when the period ends.",
    )

    __table_args__ = (
        UniqueConstraint("user_id"),
        check("trial_has_end", "status <> 'trialing' OR \"trialEndsAt\" IS NOT NULL"),
        check("canceled_has_end", "status <> 'canceled' OR \"endDate\" IS NOT NULL"),
        listing("plan_id", "created_at", live=False),
        listing("status", "created_at", live=False),
        listing("created_at", live=False),
    )


class PaymentMethod(Editable, table=True):
    """A way to pay: the provider's token for it, never a number."""

    __tablename__ = "PaymentMethod"

    type: str = string("The kind of method, for example `credit_card`.")
    card_brand: str | None = string("The card's brand.", None)
    last_four: str | None = string("The last four digits of the card.", None)
    expiry_month: int | None = integer("The month the card expires in, 1 to 12.", None)
    expiry_year: int | None = integer("The year the card expires in.", None)
    is_default: bool = flag("Whether invoices are paid with it unless told otherwise.")
    provider_token: str | None = string("The provider's token; never shown.", None)
    removed_at: datetime | None = moment("When the owner removed it; invoices keep referring to it.")
    user_id: UUID = owner()

    __table_args__ = (
        UniqueConstraint("user_id", "id"),
        check("last_four_form", "\"lastFour\" ~ '^[0-9]{4}$'"),
        check("expiry_month_range", '"expiryMonth" BETWEEN 1 AND 12'),
        check("expiry_year_range", '"expiryYear" BETWEEN 2000 AND 2200'),
        check("removed_is_not_default", '"removedAt" IS NULL OR NOT "isDefault"'),
        *short("type", "cardBrand"),
        Index("uq_PaymentMethod_default", "user_id", unique=True, postgresql_where=text('"isDefault"')),
        listing("user_id", "created_at", live=False),
    )


class Invoice(Editable, table=True):
    """A bill for a user."""

    __tablename__ = "Invoice"

    invoice_number: str = string("The number printed on the invoice.")
    amount: Decimal = money("The sum of the items.")
    currency: str = _currency()
    status: InvoiceStatus = choice(InvoiceStatus, "Where it stands.")
    billing_date: datetime = moment("The date of the invoice.")
    due_date: datetime = moment("When it is to be paid by.")
    paid_date: datetime | None = moment("When it was paid.")
    stripe_invoice_id: str | None = string("The payment provider's id of the invoice.", None)
    # Not CASCADE: a user with invoices is made anonymous, never removed.
    user_id: UUID = owner(on_delete="RESTRICT")
    payment_method_id: UUID | None = Field(default=None, description="What it was paid with.")
    # Not in the source: what an invoice pays for takes effect when it is paid.
    plan_id: UUID | None = Field(
        default=None,
        foreign_key="Plan.id",
        ondelete="RESTRICT",
        description="The plan that paying it subscribes to, changes to or renews.",
    )
    # Not in the source: a plan's price may have changed by the time when a part of it is credited.
    plan_price: Decimal | None = money("What the plan's interval cost when it was offered.", None)

    __table_args__ = (
        UniqueConstraint("invoice_number"),
        check(
            "plan_price_of_plan",
            '"planPrice" IS NULL OR ("planId" IS NOT NULL AND "planPrice" >= 0 AND "planPrice" < \'NaN\')',
        ),
        owned_reference("payment_method_id", "PaymentMethod", on_delete="RESTRICT"),
        _currency_form(),
        check("amount_not_negative", "amount >= 0 AND amount < 'NaN'"),
        check("paid_has_date", "(status = 'paid') <= (\"paidDate\" IS NOT NULL)"),
        *short("invoiceNumber"),
        # At most one offer is open at a time: a second would be paid for nothing.
        Index(
            "uq_Invoice_open_plan",
            "user_id",
            unique=True,
            postgresql_where=text("status = 'open' AND \"planId\" IS NOT NULL"),
        ),
        listing("user_id", "created_at", live=False),
        listing("user_id", "billing_date", live=False),
        listing("payment_method_id", "created_at", live=False),
        listing("status", "created_at", live=False),
        listing("created_at", live=False),
    )


class InvoiceItem(Editable, table=True):
    """A line of an invoice."""

    __tablename__ = "InvoiceItem"

    description: str = string("What is charged for.")
    quantity: int = integer("How many.")
    unit_price: Decimal = money("What one costs.")
    amount: Decimal = money("Quantity times unit price.")
    invoice_id: UUID = Field(
        foreign_key="Invoice.id", ondelete="CASCADE", description="The invoice it is part of."
    )

    __table_args__ = (
        check("quantity_positive", "quantity > 0"),
        check("amount_is_product", "amount = quantity * \"unitPrice\" AND amount < 'NaN'"),
        *long("description"),
        listing("invoice_id", "created_at", live=False),
    )


INVOICE_NUMBERS = Sequence("zorbit_invoice_number", metadata=SQLModel.metadata)

# Checked when the transaction ends: an invoice comes before its items, and one that is moved counts on both.
# The lock lets two who add items to one invoice see each other's.
on_create(
    InvoiceItem,
    """
    CREATE FUNCTION zorbit_check_invoice_sum() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      key text := CASE WHEN TG_TABLE_NAME = 'Invoice' THEN 'id' ELSE 'invoiceId' END;
      checked uuid;
      billed numeric;
      items numeric;
    BEGIN
      FOR checked IN
        SELECT (to_jsonb(NEW) ->> key)::uuid UNION SELECT (to_jsonb(OLD) ->> key)::uuid ORDER BY 1
      LOOP
        SELECT amount INTO billed FROM "Invoice" WHERE id = checked FOR NO KEY UPDATE;
        SELECT sum(amount) INTO items FROM "InvoiceItem" WHERE "invoiceId" = checked;
        IF billed <> items THEN
          RAISE EXCEPTION 'the items of invoice % come to %, not %', checked, items, billed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'zorbit_check_invoice_sum', TABLE = 'Invoice';
        END IF;
      END LOOP;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER zorbit_check_invoice_sum
      AFTER INSERT OR UPDATE OF amount, "invoiceId" OR DELETE ON "InvoiceItem"
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zorbit_check_invoice_sum();
    CREATE CONSTRAINT TRIGGER zorbit_check_invoice_sum AFTER UPDATE OF amount ON "Invoice"
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zorbit_check_invoice_sum()
    """,
)

"""Plans and what is paid for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import steps

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    op.create_table(
        "Plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("currency", sa.String(), server_default="USD", nullable=False),
        sa.Column(
            "interval",
            sa.Enum(
                "month", "year", name="plan_interval", native_enum=False, create_constraint=True, length=None
            ),
            server_default="month",
            quote=True,  # INTERVAL is a word of PostgreSQL's
            nullable=False,
        ),
        sa.Column("features", postgresql.JSONB(), nullable=True),
        sa.Column("postGenerationLimit", sa.Integer(), nullable=False),
        sa.Column("ideaGenerationLimit", sa.Integer(), nullable=False),
        sa.Column("commentGenerationLimit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("postSchedulingLimit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("personaLimit", sa.Integer(), nullable=False),
        sa.Column("imageCreationLimit", sa.Integer(), nullable=False),
        sa.Column("dodoProductId", sa.String(), nullable=True),
        sa.Column("isActive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_Plan_currency_form")),
        sa.CheckConstraint('char_length("description") <= 100000', name=op.f("ck_Plan_description_length")),
        sa.CheckConstraint('char_length("name") <= 300', name=op.f("ck_Plan_name_length")),
        sa.CheckConstraint(
            'least("postGenerationLimit", "ideaGenerationLimit", "commentGenerationLimit", "postSchedulingLimit", "personaLimit", "imageCreationLimit") >= 0',
            name=op.f("ck_Plan_limits_not_negative"),
        ),
        sa.CheckConstraint("price >= 0 AND price < 'NaN'", name=op.f("ck_Plan_price_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Plan")),
    )
    op.create_table(
        "PaymentMethod",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("cardBrand", sa.String(), nullable=True),
        sa.Column("lastFour", sa.String(), nullable=True),
        sa.Column("expiryMonth", sa.Integer(), nullable=True),
        sa.Column("expiryYear", sa.Integer(), nullable=True),
        sa.Column("isDefault", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("providerToken", sa.String(), nullable=True),
        sa.Column("removedAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            '"expiryMonth" BETWEEN 1 AND 12', name=op.f("ck_PaymentMethod_expiry_month_range")
        ),
        sa.CheckConstraint(
            '"expiryYear" BETWEEN 2000 AND 2200', name=op.f("ck_PaymentMethod_expiry_year_range")
        ),
        sa.CheckConstraint("\"lastFour\" ~ '^[0-9]{4}$'", name=op.f("ck_PaymentMethod_last_four_form")),
        sa.CheckConstraint(
            '"removedAt" IS NULL OR NOT "isDefault"', name=op.f("ck_PaymentMethod_removed_is_not_default")
        ),
        sa.CheckConstraint('char_length("cardBrand") <= 300', name=op.f("ck_PaymentMethod_cardBrand_length")),
        sa.CheckConstraint('char_length("type") <= 300', name=op.f("ck_PaymentMethod_type_length")),
        sa.ForeignKeyConstraint(
            ["userId"], ["User.id"], name=op.f("fk_PaymentMethod_userId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_PaymentMethod")),
        sa.UniqueConstraint("userId", "id", name=op.f("uq_PaymentMethod_userId_id")),
    )
    op.create_table(
        "Subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "trialing",
                "active",
                "past_due",
                "canceled",
                "expired",
                name="subscription_status",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("startDate", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endDate", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewalDate", sa.DateTime(timezone=True), nullable=False),
        sa.Column("canceledAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trialEndsAt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("planId", sa.Uuid(), nullable=False),
        sa.Column("dodoSubscriptionId", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status <> 'trialing' OR \"trialEndsAt\" IS NOT NULL", name=op.f("ck_Subscription_trial_has_end")
        ),
        sa.ForeignKeyConstraint(
            ["planId"], ["Plan.id"], name=op.f("fk_Subscription_planId"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["userId"], ["User.id"], name=op.f("fk_Subscription_userId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Subscription")),
        sa.UniqueConstraint("userId", name=op.f("uq_Subscription_userId")),
    )
    op.create_table(
        "Invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("invoiceNumber", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("currency", sa.String(), server_default="USD", nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "open",
                "paid",
                "void",
                "uncollectible",
                name="invoice_status",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("billingDate", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dueDate", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paidDate", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stripeInvoiceId", sa.String(), nullable=True),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("paymentMethodId", sa.Uuid(), nullable=True),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_Invoice_currency_form")),
        sa.CheckConstraint(
            "(status = 'paid') <= (\"paidDate\" IS NOT NULL)", name=op.f("ck_Invoice_paid_has_date")
        ),
        sa.CheckConstraint("amount >= 0 AND amount < 'NaN'", name=op.f("ck_Invoice_amount_not_negative")),
        sa.CheckConstraint(
            'char_length("invoiceNumber") <= 300', name=op.f("ck_Invoice_invoiceNumber_length")
        ),
        sa.ForeignKeyConstraint(
            ["userId", "paymentMethodId"],
            ["PaymentMethod.userId", "PaymentMethod.id"],
            name=op.f("fk_Invoice_userId_paymentMethodId"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["userId"], ["User.id"], name=op.f("fk_Invoice_userId"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Invoice")),
        sa.UniqueConstraint("invoiceNumber", name=op.f("uq_Invoice_invoiceNumber")),
    )
    op.create_table(
        "InvoiceItem",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unitPrice", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("invoiceId", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount = quantity * \"unitPrice\" AND amount < 'NaN'",
            name=op.f("ck_InvoiceItem_amount_is_product"),
        ),
        sa.CheckConstraint(
            'char_length("description") <= 100000', name=op.f("ck_InvoiceItem_description_length")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_InvoiceItem_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["invoiceId"], ["Invoice.id"], name=op.f("fk_InvoiceItem_invoiceId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_InvoiceItem")),
    )


def downgrade() -> None:
    steps.begin()
    for table in ["InvoiceItem", "Invoice", "Subscription", "PaymentMethod", "Plan"]:
        op.drop_table(table)

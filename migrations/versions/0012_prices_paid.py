"""What a plan cost when it was offered: an upgrade is credited with what was paid."""

import sqlalchemy as sa
from alembic import op

from migrations import steps

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    op.add_column("Invoice", sa.Column("planPrice", sa.Numeric(10, 2), nullable=True))
    op.create_check_constraint(
        op.f("ck_Invoice_plan_price_of_plan"),
        "Invoice",
        '"planPrice" IS NULL OR ("planId" IS NOT NULL AND "planPrice" >= 0 AND "planPrice" < \'NaN\')',
    )


def downgrade() -> None:
    steps.begin()
    op.drop_column("Invoice", "planPrice")

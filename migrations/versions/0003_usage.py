"""What was used of what a plan allows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import steps

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    op.create_table(
        "UsageQuota",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "post_generation",
                "idea_generation",
                "comment_generation",
                "post_scheduling",
                "persona",
                "image_creation",
                name="quota_type",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("resetDate", sa.DateTime(timezone=True), nullable=False),
        sa.Column("billingCycleStart", sa.DateTime(timezone=True), nullable=False),
        sa.Column("billingCycleEnd", sa.DateTime(timezone=True), nullable=False),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            '"billingCycleStart" < "billingCycleEnd"', name=op.f("ck_UsageQuota_cycle_not_empty")
        ),
        sa.CheckConstraint('"resetDate" = "billingCycleEnd"', name=op.f("ck_UsageQuota_reset_at_end")),
        sa.CheckConstraint('used >= 0 AND "limit" >= 0', name=op.f("ck_UsageQuota_not_negative")),
        sa.ForeignKeyConstraint(
            ["userId"], ["User.id"], name=op.f("fk_UsageQuota_userId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_UsageQuota")),
        sa.UniqueConstraint(
            "userId", "type", "billingCycleStart", name=op.f("uq_UsageQuota_userId_type_billingCycleStart")
        ),
    )
    op.create_table(
        "UsageLog",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "post_generation",
                "idea_generation",
                "comment_generation",
                "post_scheduling",
                "persona",
                "image_creation",
                name="quota_type",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column("userId", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("quotaId", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_UsageLog_amount_not_zero")),
        sa.CheckConstraint(
            'char_length("description") <= 100000', name=op.f("ck_UsageLog_description_length")
        ),
        sa.ForeignKeyConstraint(
            ["quotaId"], ["UsageQuota.id"], name=op.f("fk_UsageLog_quotaId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_UsageLog")),
    )


def downgrade() -> None:
    steps.begin()
    for table in ["UsageLog", "UsageQuota"]:
        op.drop_table(table)

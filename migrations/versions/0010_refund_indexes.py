"""Finding what was spent on a row, once given back never again; one open offer a user."""

from migrations import steps

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = [
    (
        "uq_UsageLog_refund",
        'UNIQUE ON "UsageLog" ("refundOfId", "subjectId") WHERE "refundOfId" IS NOT NULL',
    ),
    (
        "ix_UsageLog_subjectId_createdAt",
        'ON "UsageLog" ("subjectId", "createdAt") WHERE "subjectId" IS NOT NULL',
    ),
    (
        "uq_Invoice_open_plan",
        'UNIQUE ON "Invoice" ("userId") WHERE status = \'open\' AND "planId" IS NOT NULL',
    ),
]


def upgrade() -> None:
    steps.begin()
    steps.create_indexes(INDEXES)


def downgrade() -> None:
    steps.begin()
    steps.drop_indexes(name for name, _ in INDEXES)

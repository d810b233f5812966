"""GraphQL documents that callers store, to be sent by their hashes."""

import sqlalchemy as sa
from alembic import op

from migrations import steps

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    op.create_table(
        "PersistedQuery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("userId", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("lastUsedAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "bytes = octet_length(document) AND bytes <= 100000",
            name=op.f("ck_PersistedQuery_bytes_counted"),
        ),
        sa.CheckConstraint(
            "hash = encode(sha256(convert_to(document, 'UTF8')), 'hex')",
            name=op.f("ck_PersistedQuery_hash_told"),
        ),
        sa.ForeignKeyConstraint(
            ["userId"], ["User.id"], name=op.f("fk_PersistedQuery_userId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_PersistedQuery")),
        sa.UniqueConstraint("hash", name=op.f("uq_PersistedQuery_hash")),
    )
    op.create_index("ix_PersistedQuery_userId", "PersistedQuery", ["userId"])


def downgrade() -> None:
    steps.begin()
    op.drop_table("PersistedQuery")

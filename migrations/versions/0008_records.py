"""What is kept about writing: an audit trail that nobody rewrites, and the keys of requests already answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import steps

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.begin()
    op.create_table(
        "AuditEntry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actorId", sa.Uuid(), nullable=True),
        sa.Column(
            "actorRole",
            sa.Enum(
                "user",
                "admin",
                "service",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=True,
        ),
        sa.Column("subjectType", sa.String(), nullable=False),
        sa.Column("subjectId", sa.Uuid(), nullable=False),
        sa.Column("userId", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("action <> ''", name=op.f("ck_AuditEntry_action_form")),
        sa.CheckConstraint('char_length("action") <= 300', name=op.f("ck_AuditEntry_action_length")),
        sa.CheckConstraint(
            'char_length("subjectType") <= 300', name=op.f("ck_AuditEntry_subjectType_length")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_AuditEntry")),
    )
    op.create_index("ix_AuditEntry_userId_createdAt_id", "AuditEntry", ["userId", "createdAt", "id"])
    op.create_index("ix_AuditEntry_createdAt_id", "AuditEntry", ["createdAt", "id"])
    op.create_index("ix_AuditEntry_subjectId_createdAt", "AuditEntry", ["subjectId", "createdAt"])
    op.create_table(
        "IdempotencyKey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("callerId", sa.Uuid(), nullable=False),
        sa.Column("mutation", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("argumentsHash", sa.String(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 200", name=op.f("ck_IdempotencyKey_key_length")),
        sa.CheckConstraint('char_length("mutation") <= 300', name=op.f("ck_IdempotencyKey_mutation_length")),
        sa.CheckConstraint(
            "\"argumentsHash\" ~ '^[0-9a-f]{64}$'", name=op.f("ck_IdempotencyKey_arguments_hash_form")
        ),
        sa.ForeignKeyConstraint(
            ["callerId"], ["User.id"], name=op.f("fk_IdempotencyKey_callerId"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_IdempotencyKey")),
        sa.UniqueConstraint(
            "callerId", "mutation", "key", name=op.f("uq_IdempotencyKey_callerId_mutation_key")
        ),
    )
    op.create_index("ix_IdempotencyKey_createdAt", "IdempotencyKey", ["createdAt"])
    op.execute(
        """
        CREATE FUNCTION zorbit_keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'an audit entry is neither changed nor deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'zorbit_keep_record', TABLE = 'AuditEntry';
        END $$;
        CREATE TRIGGER zorbit_keep_record BEFORE UPDATE OR DELETE ON "AuditEntry"
          FOR EACH ROW WHEN (current_setting('zorbit.erase', true) IS DISTINCT FROM 'on')
          EXECUTE FUNCTION zorbit_keep_record();
        """
    )


def downgrade() -> None:
    steps.begin()
    for table in ["AuditEntry", "IdempotencyKey"]:
        op.drop_table(table)
    op.execute("DROP FUNCTION zorbit_keep_record()")

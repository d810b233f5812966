"""What is kept about writing itself: who changed what, and which requests were answered already."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from zorbit.models.base import (
    Row,
    check,
    choice,
    document,
    listing,
    on_create,
    short,
    string,
)
from zorbit.models.choices import Role

KEY_LIMIT = 200
"""Characters in an idempotency key."""


class AuditEntry(Row, table=True):
    """One act that was recorded. Its ids are no foreign keys: it outlives whatever it tells of."""

    __tablename__ = "AuditEntry"

    action: str = string("What was done: the mutation's name, or the operator's command.")
    actor_id: UUID | None = Field(default=None, description="Who did it; null for the server's operator.")
    actor_role: Role | None = choice(Role, "The role in which it was done; null for the operator.", None)
    subject_type: str = string("The type of what was changed.")
    subject_id: UUID = Field(description="The id of what was changed.")
    user_id: UUID | None = Field(default=None, description="Whose it was; null for what is nobody's.")
    details: Any | None = document("What changed, where it is more than the action says; never content.")

    __table_args__ = (
        check("action_form", "action <> ''"),
        *short("action", "subjectType"),
        listing("user_id", "created_at", live=False),
        listing("created_at", live=False),
        Index(None, "subject_id", "created_at"),
    )


class IdempotencyKey(Row, table=True):
    """A key that a caller sent with a mutation which took effect."""

    __tablename__ = "IdempotencyKey"

    caller_id: UUID = Field(foreign_key="User.id", ondelete="CASCADE", description="Who sent it.")
    mutation: str = string("The mutation's name.")
    key: str = string("What the caller chose.")
    arguments_hash: str = string("SHA-256 of the coerced arguments.")
    outcome: Any | None = document("The payload's fields, rows by their ids.")

    __table_args__ = (
        UniqueConstraint("caller_id", "mutation", "key"),
        check("key_length", f"char_length(key) BETWEEN 1 AND {KEY_LIMIT}"),
        *short("mutation"),
        check("arguments_hash_form", "\"argumentsHash\" ~ '^[0-9a-f]{64}$'"),
        Index(None, "created_at"),
    )


# Nobody rewrites what was recorded. An operator who has to, by law, says so: SET zorbit.erase = 'on'.
on_create(
    AuditEntry,
    """
    CREATE FUNCTION zorbit_keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'an audit entry is neither changed nor deleted'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'zorbit_keep_record', TABLE = 'AuditEntry';
    END $$;
    CREATE TRIGGER zorbit_keep_record BEFORE UPDATE OR DELETE ON "AuditEntry"
      FOR EACH ROW WHEN (current_setting('zorbit.erase', true) IS DISTINCT FROM 'on')
      EXECUTE FUNCTION zorbit_keep_record()
    """,
)

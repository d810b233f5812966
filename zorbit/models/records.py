"""What is kept about requests: who changed what, which were answered already, which are sent by a hash."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from zorbit.models.base import (
    Row,
    check,
    choice,
    document,
    integer,
    listing,
    moment,
    on_create,
    owner,
    short,
    string,
    text_column,
)
from zorbit.models.choices import Role

KEY_LIMIT = 200
"""Characters in an idempotency key."""
DOCUMENT_BYTES = 100_000
"""In a persisted query, in UTF-8."""


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


class PersistedQuery(Row, table=True):
    """A GraphQL document that a caller stored, to be sent by its hash."""

    __tablename__ = "PersistedQuery"

    user_id: UUID = owner("Who stored it first.")
    hash: str = string("SHA-256 of the document in UTF-8, in hexadecimal digits.")
    document: str = text_column("The document.")
    bytes: int = integer("Its length.")
    last_used_at: datetime = moment("When it was last asked for, to within a day.", default_now=True)

    __table_args__ = (
        UniqueConstraint("hash"),
        check("hash_told", "hash = encode(sha256(convert_to(document, 'UTF8')), 'hex')"),
        check("bytes_counted", f"bytes = octet_length(document) AND bytes <= {DOCUMENT_BYTES}"),
        Index(None, "user_id"),
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

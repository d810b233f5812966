"""What was used of what a plan allows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from zorbit.models.base import (
    Editable,
    Row,
    check,
    choice,
    document,
    integer,
    listing,
    long,
    moment,
    on_create,
    owner,
    string,
)
from zorbit.models.choices import QuotaType


class UsageQuota(Editable, table=True):
    """What a user used of one limit in one cycle; cycles are half open: start <= t < end."""

    __tablename__ = "UsageQuota"

    type: QuotaType = choice(QuotaType, "What is limited.")
    used: int = integer("How much was used.", 0)
    limit: int = integer(
        "How much may be used: the plan's limit when the cycle began, or what it was raised to."
    )
    reset_date: datetime = moment("When counting begins anew: the cycle's end.")
    billing_cycle_start: datetime = moment("The cycle's first instant.")
    billing_cycle_end: datetime = moment("The first instant after the cycle.")
    user_id: UUID = owner()

    __table_args__ = (
        UniqueConstraint("user_id", "type", "billing_cycle_start"),
        check("not_negative", 'used >= 0 AND "limit" >= 0'),
        check("cycle_not_empty", '"billingCycleStart" < "billingCycleEnd"'),
        check("reset_at_end", '"resetDate" = "billingCycleEnd"'),
        listing("user_id", "created_at", live=False),
    )


class UsageLog(Row, table=True):
    """One spend or refund."""

    __tablename__ = "UsageLog"

    type: QuotaType = choice(QuotaType, "What was used.")
    description: str | None = string("What it was used for.", None)
    metadata_: Any | None = document("Whatever is worth keeping about it.", name="metadata")
    # The source keeps the user here as text without a key; the quota's owner is the authority.
    user_id: str = string("The id of the quota's owner.")
    amount: int = integer("How much was used; negative for a refund.", 1)
    quota_id: UUID = Field(
        foreign_key="UsageQuota.id", ondelete="CASCADE", description="The quota it counts against."
    )
    # Not in the source: a refund has to find its spend, and must not find it twice.
    subject_id: UUID | None = Field(
        default=None, description="The post, persona, ... it was spent on; no key, for that may be purged."
    )
    refund_of_id: UUID | None = Field(
        default=None,
        foreign_key="UsageLog.id",
        ondelete="CASCADE",
        description="The spend that it gives back, or a part of it.",
    )

    __table_args__ = (
        check("amount_not_zero", "amount <> 0"),
        check("refund_has_spend", '"refundOfId" IS NULL OR (amount < 0 AND "subjectId" IS NOT NULL)'),
        *long("description"),
        # A carried-over entry is given back once for each persona, any other entry once.
        Index(
            "uq_UsageLog_refund",
            "refund_of_id",
            "subject_id",
            unique=True,
            postgresql_where=text('"refundOfId" IS NOT NULL'),
        ),
        Index(None, "subject_id", "created_at", postgresql_where=text('"subjectId" IS NOT NULL')),
        listing("quota_id", "created_at", live=False),
    )


# A limit may be lowered below what is used already (an admin's adjustment); only using more is refused.
on_create(
    UsageQuota,
    """
    CREATE FUNCTION zorbit_hold_limit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'used % would pass limit % of quota %', NEW.used, NEW."limit", NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'zorbit_hold_limit', TABLE = 'UsageQuota';
    END $$;
    CREATE TRIGGER zorbit_hold_limit BEFORE UPDATE OF used ON "UsageQuota"
      FOR EACH ROW WHEN (NEW.used > OLD.used AND NEW.used > NEW."limit") EXECUTE FUNCTION zorbit_hold_limit()
    """,
)

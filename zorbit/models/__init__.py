"""The tables, reached as `models.Post`: the source document's fifteen, and three about requests."""

from zorbit.models.base import Deletable, Editable, Row, on_create, table_of
from zorbit.models.billing import Invoice, InvoiceItem, PaymentMethod, Plan, Subscription
from zorbit.models.choices import (
    InvoiceStatus,
    PlanInterval,
    PostStatus,
    PostType,
    QuotaType,
    Role,
    SubscriptionStatus,
    ThreadType,
)
from zorbit.models.content import ChatMessage, ContentIdea, Post, Thread
from zorbit.models.library import Comment, Persona, Template
from zorbit.models.records import AuditEntry, IdempotencyKey, PersistedQuery
from zorbit.models.usage import UsageLog, UsageQuota
from zorbit.models.users import User

TABLES: tuple[type[Row], ...] = (
    User,
    Thread,
    ChatMessage,
    ContentIdea,
    Post,
    Persona,
    Template,
    Comment,
    Plan,
    Subscription,
    PaymentMethod,
    Invoice,
    InvoiceItem,
    UsageQuota,
    UsageLog,
    AuditEntry,
)
"""What clients can reach."""
DELETABLE: tuple[type[Deletable], ...] = (
    User,
    Thread,
    ChatMessage,
    ContentIdea,
    Post,
    Persona,
    Template,
    Comment,
)

for _table in DELETABLE:
    on_create(
        _table,
        f"""
        CREATE TRIGGER zorbit_stamp_deletion BEFORE INSERT OR UPDATE ON "{_table.__name__}"
          FOR EACH ROW WHEN (NEW."isDeleted" <> (NEW."deletedAt" IS NOT NULL))
          EXECUTE FUNCTION zorbit_stamp_deletion()
        """,
    )

__all__ = [
    "DELETABLE",
    "TABLES",
    "AuditEntry",
    "ChatMessage",
    "Comment",
    "ContentIdea",
    "Deletable",
    "Editable",
    "IdempotencyKey",
    "Invoice",
    "InvoiceItem",
    "InvoiceStatus",
    "PaymentMethod",
    "PersistedQuery",
    "Persona",
    "Plan",
    "PlanInterval",
    "Post",
    "PostStatus",
    "PostType",
    "QuotaType",
    "Role",
    "Row",
    "Subscription",
    "SubscriptionStatus",
    "Template",
    "Thread",
    "ThreadType",
    "UsageLog",
    "UsageQuota",
    "User",
    "table_of",
]

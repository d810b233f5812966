"""The tables, as far as the operations need them."""

import os
import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime, Numeric, String

URL = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
engine = create_async_engine(URL, pool_size=10, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """What every table has."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(String),
        float: Numeric(10, 2, asdecimal=False),
    }
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class UserRow(Base):
    __tablename__ = "User"
    email: Mapped[str]
    name: Mapped[str | None]
    isDeleted: Mapped[bool]


class PlanRow(Base):
    __tablename__ = "Plan"
    name: Mapped[str]
    price: Mapped[float]
    features: Mapped[Any] = mapped_column(JSONB)
    postGenerationLimit: Mapped[int]


class SubscriptionRow(Base):
    __tablename__ = "Subscription"
    status: Mapped[str]
    renewalDate: Mapped[datetime]
    userId: Mapped[uuid.UUID] = mapped_column(ForeignKey("User.id"))
    planId: Mapped[uuid.UUID] = mapped_column(ForeignKey("Plan.id"))


class ThreadRow(Base):
    __tablename__ = "Thread"
    title: Mapped[str | None]
    type: Mapped[str | None]
    createdAt: Mapped[datetime]
    isDeleted: Mapped[bool]
    userId: Mapped[uuid.UUID] = mapped_column(ForeignKey("User.id"))


class ChatMessageRow(Base):
    __tablename__ = "ChatMessage"
    content: Mapped[str]
    generationTime: Mapped[float | None] = mapped_column(Numeric(asdecimal=False))
    createdAt: Mapped[datetime]
    isDeleted: Mapped[bool]
    threadId: Mapped[uuid.UUID] = mapped_column(ForeignKey("Thread.id"))


class ContentIdeaRow(Base):
    __tablename__ = "ContentIdea"
    title: Mapped[str]
    content: Mapped[str]
    keyTakeaways: Mapped[list[str] | None]
    createdAt: Mapped[datetime]
    isDeleted: Mapped[bool]
    isSaved: Mapped[bool]
    chatMessageId: Mapped[uuid.UUID] = mapped_column(ForeignKey("ChatMessage.id"))


class TemplateRow(Base):
    __tablename__ = "Template"
    name: Mapped[str]
    isDeleted: Mapped[bool]


class PersonaRow(Base):
    __tablename__ = "Persona"
    name: Mapped[str]
    isDeleted: Mapped[bool]


class PostRow(Base):
    __tablename__ = "Post"
    title: Mapped[str | None]
    content: Mapped[str]
    published: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str | None]
    metadata_: Mapped[Any] = mapped_column("metadata", JSONB(none_as_null=True))
    createdAt: Mapped[datetime] = mapped_column(server_default=text("now()"))
    isDeleted: Mapped[bool] = mapped_column(default=False)
    userId: Mapped[uuid.UUID] = mapped_column(ForeignKey("User.id"))
    templateId: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("Template.id"))
    chatMessageId: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ChatMessage.id"))
    personaId: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("Persona.id"))
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - as SQLAlchemy has it


class InvoiceRow(Base):
    __tablename__ = "Invoice"
    invoiceNumber: Mapped[str]
    amount: Mapped[float]
    status: Mapped[str]
    billingDate: Mapped[datetime]
    createdAt: Mapped[datetime]
    userId: Mapped[uuid.UUID] = mapped_column(ForeignKey("User.id"))


class InvoiceItemRow(Base):
    __tablename__ = "InvoiceItem"
    description: Mapped[str]
    quantity: Mapped[int]
    unitPrice: Mapped[float]
    invoiceId: Mapped[uuid.UUID] = mapped_column(ForeignKey("Invoice.id"))


class UsageQuotaRow(Base):
    __tablename__ = "UsageQuota"
    type: Mapped[str]
    used: Mapped[int]
    limit: Mapped[int]
    resetDate: Mapped[datetime]
    billingCycleStart: Mapped[datetime]
    billingCycleEnd: Mapped[datetime]
    userId: Mapped[uuid.UUID] = mapped_column(ForeignKey("User.id"))


class UsageLogRow(Base):
    __tablename__ = "UsageLog"
    type: Mapped[str]
    description: Mapped[str | None]
    userId: Mapped[str]
    quotaId: Mapped[uuid.UUID] = mapped_column(ForeignKey("UsageQuota.id"))
    subjectId: Mapped[uuid.UUID | None]

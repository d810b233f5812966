"""The GraphQL types."""

import uuid
from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from . import tables


async def load(info: Info[Any, Any], name: str, key: object) -> Any:
    """What a dataloader gives."""
    return await info.context[name].load(key)


@strawberry.type
class Persona:
    id: uuid.UUID
    name: str


@strawberry.type
class Template:
    id: uuid.UUID
    name: str


@strawberry.type
class ContentIdea:
    id: uuid.UUID
    title: str
    content: str
    key_takeaways: list[str] | None
    is_saved: bool


@strawberry.type
class Post:
    row: strawberry.Private[tables.PostRow]
    id: uuid.UUID
    title: str | None
    content: str
    published: bool
    source: str | None
    metadata: JSON | None
    created_at: datetime

    @classmethod
    def of(cls, row: tables.PostRow) -> "Post":
        return cls(
            row=row,
            id=row.id,
            title=row.title,
            content=row.content,
            published=row.published,
            source=row.source,
            metadata=row.metadata_,
            created_at=row.createdAt,
        )

    @strawberry.field
    async def persona(self, info: Info[Any, Any]) -> Persona | None:
        row = await load(info, "persona", self.row.personaId) if self.row.personaId else None
        return row and Persona(id=row.id, name=row.name)

    @strawberry.field
    async def template(self, info: Info[Any, Any]) -> Template | None:
        row = await load(info, "template", self.row.templateId) if self.row.templateId else None
        return row and Template(id=row.id, name=row.name)

    @strawberry.field
    async def user(self, info: Info[Any, Any]) -> "User | None":
        row = await load(info, "user", self.row.userId)
        return row and User.of(row)


@strawberry.type
class ChatMessage:
    id: uuid.UUID
    content: str
    generation_time: float | None
    created_at: datetime

    @strawberry.field
    async def ideas(self, info: Info[Any, Any], first: int = 5) -> list[ContentIdea]:
        return [
            ContentIdea(
                id=row.id,
                title=row.title,
                content=row.content,
                key_takeaways=row.keyTakeaways,
                is_saved=row.isSaved,
            )
            for row in await load(info, "ideas", (self.id, first))
        ]

    @strawberry.field
    async def posts(self, info: Info[Any, Any], first: int = 5) -> list[Post]:
        return [Post.of(row) for row in await load(info, "posts", (self.id, first))]


@strawberry.type
class Thread:
    id: uuid.UUID
    title: str | None
    type: str | None
    created_at: datetime

    @strawberry.field
    async def messages(self, info: Info[Any, Any], first: int = 10) -> list[ChatMessage]:
        return [
            ChatMessage(
                id=row.id,
                content=row.content,
                generation_time=row.generationTime,
                created_at=row.createdAt,
            )
            for row in await load(info, "messages", (self.id, first))
        ]


@strawberry.type
class Plan:
    name: str
    price: float
    features: JSON | None
    post_generation_limit: int


@strawberry.type
class Subscription:
    row: strawberry.Private[tables.SubscriptionRow]
    status: str
    renewal_date: datetime

    @strawberry.field
    async def plan(self, info: Info[Any, Any]) -> Plan:
        row = await load(info, "plan", self.row.planId)
        return Plan(
            name=row.name,
            price=row.price,
            features=row.features,
            post_generation_limit=row.postGenerationLimit,
        )


@strawberry.type
class UsageQuota:
    type: str
    used: int
    limit: int
    reset_date: datetime


@strawberry.type
class InvoiceItem:
    description: str
    quantity: int
    unit_price: float


@strawberry.type
class Invoice:
    row: strawberry.Private[tables.InvoiceRow]
    invoice_number: str
    amount: float
    status: str
    billing_date: datetime

    @strawberry.field
    async def items(self, info: Info[Any, Any]) -> list[InvoiceItem]:
        rows = await load(info, "items", self.row.id)
        return [
            InvoiceItem(description=row.description, quantity=row.quantity, unit_price=row.unitPrice)
            for row in rows
        ]


@strawberry.type
class User:
    id: uuid.UUID
    email: str
    name: str | None

    @classmethod
    def of(cls, row: tables.UserRow) -> "User":
        return cls(id=row.id, email=row.email, name=row.name)

    @strawberry.field
    async def threads(self, info: Info[Any, Any], first: int = 10) -> list[Thread]:
        rows = await load(info, "threads", (self.id, first))
        return [Thread(id=row.id, title=row.title, type=row.type, created_at=row.createdAt) for row in rows]

    @strawberry.field
    async def subscription(self, info: Info[Any, Any]) -> Subscription | None:
        rows = await load(info, "subscription", self.id)
        return (
            Subscription(row=rows[0], status=rows[0].status, renewal_date=rows[0].renewalDate)
            if rows
            else None
        )

    @strawberry.field
    async def usage_quotas(self, info: Info[Any, Any]) -> list[UsageQuota]:
        rows = await load(info, "quotas", self.id)
        return [
            UsageQuota(type=row.type, used=row.used, limit=row.limit, reset_date=row.resetDate)
            for row in rows
        ]

    @strawberry.field
    async def invoices(self, info: Info[Any, Any], first: int = 12) -> list[Invoice]:
        return [
            Invoice(
                row=row,
                invoice_number=row.invoiceNumber,
                amount=row.amount,
                status=row.status,
                billing_date=row.billingDate,
            )
            for row in await load(info, "invoices", (self.id, first))
        ]

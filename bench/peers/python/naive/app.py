"""Queries, the mutation, and the application."""

import base64
import json
import uuid
from typing import Any

import strawberry
from sqlalchemy import func, select, text, update
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info

from .loaders import LOADERS
from .tables import PostRow, Session, SubscriptionRow, UsageLogRow, UsageQuotaRow, UserRow
from .types import Post, User, load


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class PostConnection:
    nodes: list[Post]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def user(self, info: Info[Any, Any], id: strawberry.ID) -> User | None:
        row = await load(info, "user", uuid.UUID(id))
        return row and User.of(row)

    @strawberry.field
    async def post(self, info: Info[Any, Any], id: strawberry.ID) -> Post | None:
        row = await load(info, "post", uuid.UUID(id))
        return row and Post.of(row)

    @strawberry.field
    async def posts(self, persona_id: strawberry.ID, first: int = 50) -> PostConnection:
        query = (
            select(PostRow)
            .where(PostRow.personaId == uuid.UUID(persona_id), ~PostRow.isDeleted)
            .order_by(PostRow.createdAt.desc(), PostRow.id.desc())
            .limit(first + 1)
        )
        async with Session() as session:
            rows = (await session.scalars(query)).all()
        nodes = rows[:first]
        page = PageInfo(has_next_page=len(rows) > first, end_cursor=_cursor(nodes[-1]) if nodes else None)
        return PostConnection(nodes=[Post.of(row) for row in nodes], page_info=page)


def _cursor(row: PostRow) -> str:
    return base64.b64encode(json.dumps([row.createdAt.isoformat(), str(row.id)]).encode()).decode()


@strawberry.type
class Quota:
    used: int
    limit: int


@strawberry.type
class Recorded:
    post: Post
    quota: Quota


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def record_post(self, user_id: strawberry.ID, title: str | None, content: str) -> Recorded:
        owner = uuid.UUID(user_id)
        post = PostRow(id=uuid.uuid4(), userId=owner, title=title, content=content, source="generate")
        async with Session.begin() as session:
            found = (await session.execute(_spending(owner))).one_or_none()
            if found is None:
                raise ValueError("no quota is left")
            entry = UsageLogRow(
                type="post_generation",
                description="recordPosts",
                userId=str(owner),
                quotaId=found.id,
                subjectId=post.id,
            )
            session.add_all([post, entry])
        return Recorded(post=Post.of(post), quota=Quota(used=found.used, limit=found.limit))


def _spending(owner: uuid.UUID) -> Any:
    entitled = select(SubscriptionRow).join(UserRow, UserRow.id == SubscriptionRow.userId)
    entitled = entitled.where(
        SubscriptionRow.userId == owner,
        SubscriptionRow.status == "active",
        SubscriptionRow.renewalDate + text("interval '7 days'") > func.now(),
        ~UserRow.isDeleted,
    )
    return (
        update(UsageQuotaRow)
        .where(
            UsageQuotaRow.userId == owner,
            UsageQuotaRow.type == "post_generation",
            UsageQuotaRow.billingCycleStart <= func.now(),
            UsageQuotaRow.billingCycleEnd > func.now(),
            UsageQuotaRow.used < UsageQuotaRow.limit,
            entitled.exists(),
        )
        .values(used=UsageQuotaRow.used + 1)
        .returning(UsageQuotaRow.id, UsageQuotaRow.used, UsageQuotaRow.limit)
        .execution_options(synchronize_session=False)
    )


class App(GraphQL[dict[str, Any], None]):
    """Dataloaders of its own for each request."""

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {name: DataLoader(load_fn=function) for name, function in LOADERS.items()}


schema = strawberry.Schema(Query, Mutation, extensions=[ParserCache, ValidationCache])
app = Starlette(routes=[Route("/graphql", App(schema, graphql_ide=None))])

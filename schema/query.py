"""The root of every query."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from schema import appraisals, graph, posts, previews, readings, trash
from schema.access import Access
from schema.appraisals import OperationCost
from schema.connections import Connection
from schema.fields import field
from schema.graph import all_rows, by_id
from schema.personas import SystemPersona
from schema.posts import DuePost
from schema.previews import RestorePreview
from schema.trash import TrashEntry
from schema.users import User
from zorbit import models, paging
from zorbit.checks import text_of, uuid_of
from zorbit.context import Context
from zorbit.engine.readings import Caller, Computed, Nodes, Restricted
from zorbit.errors import BadInput
from zorbit.services import nodes, users
from zorbit.services.personas import system_personas
from zorbit.services.publishing import LONGEST_DUE_FIRST
from zorbit.services.trash import LATEST_FIRST

NODES_LIMIT = 100

Id = Annotated[strawberry.ID, strawberry.argument(description="The row's id.")]
First = Annotated[int | None, strawberry.argument(description=graph.FIRST)]
After = Annotated[str | None, strawberry.argument(description=graph.AFTER)]
Last = Annotated[int | None, strawberry.argument(description=graph.LAST)]
Before = Annotated[str | None, strawberry.argument(description=graph.BEFORE)]


class Query:
    """The root of every query. Every field names the callers that it answers."""

    @field(
        "The caller's own account, the door to everything of one's own; null without a token.",
        Access.ANYBODY,
        reading=Restricted(Caller(), Access.PEOPLE.value),
    )
    async def viewer(self, info: Info[Context, None]) -> User | None:
        """Not for services: they have no data of their own."""
        viewer = info.context.viewer
        if viewer.id is None:
            return None
        Access.PEOPLE.demand(viewer)
        return cast("User | None", await info.context.loaders.row(models.User, viewer.id))

    @field(
        "Whatever has this id; null for what is unknown, deleted or another's.",
        Access.PEOPLE,
        reading=Nodes(lambda given: [uuid_of(given["id"], "id")], nodes.probe, is_list=False),
    )
    async def node(self, info: Info[Context, None], id: Id) -> graph.Node | None:
        """Read together with every other node of the query."""
        return cast("graph.Node | None", await _node(info.context, uuid_of(id, "id")))

    @field(
        f"Whatever has these ids, at most {NODES_LIMIT}, in their order.",
        Access.PEOPLE,
        reading=Nodes(lambda given: _keys(given["ids"]), nodes.probe, is_list=True),
    )
    async def nodes(
        self,
        info: Info[Context, None],
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids.")],
    ) -> list[graph.Node | None]:
        """One statement finds out what they are, one more a type reads them."""
        return list(await asyncio.gather(*(_node(info.context, key) for key in _keys(ids))))

    user = by_id(models.User, "A user: for admins anybody, for others themselves.")
    thread = by_id(models.Thread, "A conversation.")
    message = by_id(models.ChatMessage, "A message.")
    idea = by_id(models.ContentIdea, "An idea.")
    post = by_id(models.Post, "A post.")
    persona = by_id(models.Persona, "A persona.")
    template = by_id(models.Template, "A template.")
    comment = by_id(models.Comment, "A comment.")
    plan = by_id(
        models.Plan, "A plan: an active one, or one that the caller has, is to have next or was billed for."
    )
    subscription = by_id(models.Subscription, "A subscription.")
    payment_method = by_id(models.PaymentMethod, "A way to pay, also one that was removed.")
    invoice = by_id(models.Invoice, "An invoice.")
    invoice_item = by_id(models.InvoiceItem, "A line of an invoice.")
    usage_quota = by_id(models.UsageQuota, "A stored quota.")
    usage_log = by_id(models.UsageLog, "A spend or refund.")
    audit_entry = by_id(models.AuditEntry, "What was recorded of one act.")

    plans = all_rows(
        models.Plan,
        "The plans that can be subscribed to (`isActive`), and others that `plan` finds for the caller.",
        filters=("is_active", "interval"),
        access=Access.PEOPLE,
    )
    users = all_rows(models.User, "For admins: all users.", filters=("role", "created_at"))
    threads = all_rows(models.Thread, "For admins: all users' conversations.", filters=("created_at",))
    messages = all_rows(models.ChatMessage, "For admins: all users' messages.", filters=("created_at",))
    ideas = all_rows(models.ContentIdea, "For admins: all users' ideas.", filters=("created_at",))
    posts = all_rows(models.Post, "For admins: all users' posts.", filters=("created_at",))
    personas = all_rows(models.Persona, "For admins: all users' personas.", filters=("created_at",))
    templates = all_rows(models.Template, "For admins: all users' templates.", filters=("created_at",))
    comments = all_rows(models.Comment, "For admins: all users' comments.", filters=("created_at",))
    subscriptions = all_rows(
        models.Subscription, "For admins: all subscriptions.", filters=("status", "created_at")
    )
    invoices = all_rows(models.Invoice, "For admins: all invoices.", filters=("status", "created_at"))
    audit_entries = all_rows(
        models.AuditEntry, "For admins: everything that was recorded.", filters=("subject_id", "created_at")
    )

    @field(
        "For admins: the live user with this e-mail address, in whatever case.",
        Access.ADMINS,
        reading=readings.user_by_email(lambda given: _email(given["email"])),
    )
    async def user_by_email(
        self,
        info: Info[Context, None],
        email: Annotated[str, strawberry.argument(description="The address.")],
    ) -> User | None:
        """Addresses are unique among live users."""
        found = await info.context.loaders.once(users.by_email, _email(email))
        return cast("User | None", found)

    @field(
        "The personas that ship with the product, the same for everybody.",
        Access.ANYBODY,
        reading=Computed(lambda _root: system_personas().values(), ()),
    )
    def system_personas(self) -> list[SystemPersona]:
        """From the package, not from the database."""
        return cast("list[SystemPersona]", list(system_personas().values()))

    @field(
        "For publishers: the posts to be posted now, those first that have waited longest.",
        Access.PUBLISHERS,
        reading=readings.due_posts(partial(paging.page_of, models.Post, LONGEST_DUE_FIRST)),
    )
    def due_posts(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DuePost] | None:
        """Scheduled, not posted, not missed; of live users who are entitled."""
        page = paging.page(models.Post, LONGEST_DUE_FIRST, first=first, after=after, last=last, before=before)
        return cast("Connection[DuePost]", posts.due_posts(info.context, page))

    @field(
        "What was deleted and can be restored, the latest first.",
        Access.PEOPLE,
        reading=readings.trash_of(
            lambda given: (_owner(given.get("user_id")), paging.page_of(models.Post, LATEST_FIRST, given))
        ),
    )
    def trash(
        self,
        info: Info[Context, None],
        *,
        user_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="For admins: whose trash; else one's own.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TrashEntry] | None:
        """Rows below deleted ancestors too; another's trash is empty, as if it were not there."""
        owner = _owner(user_id) or info.context.viewer.id
        page = paging.page(models.Post, LATEST_FIRST, first=first, after=after, last=last, before=before)
        return cast("Connection[TrashEntry]", trash.of_user(cast("UUID", owner), page))

    @field(
        "What restoring a deleted row would do, and what stands against it; null for what is not in the "
        "trash or is not the caller's to restore.",
        Access.PEOPLE,
    )
    async def restore_preview(self, info: Info[Context, None], id: Id) -> RestorePreview | None:
        """By the rules of restoring itself."""
        return await previews.of_row(info.context, uuid_of(id, "id"))

    @field(
        "What an operation would come to, without running it; a document that can't be run is refused.",
        Access.ANY_ROLE,
    )
    async def operation_cost(
        self,
        info: Info[Context, None],
        document: Annotated[str, strawberry.argument(description="GraphQL, as it would be sent.")],
        variables: Annotated[JSON | None, strawberry.argument(description="An object, likewise.")] = None,
        operation_name: Annotated[
            str | None, strawberry.argument(description="Which of the document's operations, if several.")
        ] = None,
    ) -> OperationCost | None:
        """By the limits of this server."""
        return await appraisals.of_operation(info.context, document, variables, operation_name)

    @field(
        "For admins: the users who were deleted, the latest first.",
        Access.ADMINS,
        reading=readings.deleted_users(partial(paging.page_of, models.User, LATEST_FIRST)),
    )
    def deleted_users(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TrashEntry] | None:
        """With what they are recognised by, their address."""
        page = paging.page(models.User, LATEST_FIRST, first=first, after=after, last=last, before=before)
        return cast("Connection[TrashEntry]", trash.of_everybody(page))


def _email(email: str) -> str:
    return text_of(email, "email", users.EMAIL_LIMIT)


def _owner(user_id: str | None) -> UUID | None:
    return None if user_id is None else uuid_of(user_id, "userId")


def _keys(ids: Sequence[str]) -> list[UUID]:
    if len(ids) > NODES_LIMIT:
        raise BadInput(f"`ids` takes at most {NODES_LIMIT} ids, not {len(ids)}", field="ids")
    return [uuid_of(id, f"ids.{index}") for index, id in enumerate(ids)]


async def _node(context: Context, id: UUID) -> Any:
    table = await context.loaders.batch(nodes.tables_of).load(id)
    return None if table is None else await context.loaders.row(table, id)

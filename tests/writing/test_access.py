"""Who may send which mutation; and what comes of it when somebody else does: nothing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from uuid_utils.compat import uuid7

from schema.access import Access
from tests.conftest import Client
from tests.rows import execute, fetch
from tests.schema.walks import rules_of
from tests.writing.arguments import MUTATIONS, Leaf, Path, leaves, table_of
from tests.writing.people import Person, bystander, codes_of, errors_of, person
from zorbit.auth.local import LocalIssuer

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways

# A line for each mutation: who may send it.
RULES = {
    Access.PEOPLE: """
        createThread updateThread deleteThread restoreThread
        createMessage updateMessage deleteMessage restoreMessage
        createIdea updateIdea deleteIdea restoreIdea saveIdea unsaveIdea
        createPost updatePost deletePost restorePost duplicatePost createPostFromIdea
        publishPost unpublishPost savePost unsavePost likePost dislikePost clearPostOpinion
        schedulePost reschedulePost unschedulePost
        createPersona updatePersona deletePersona restorePersona duplicatePersona
        createTemplate updateTemplate deleteTemplate restoreTemplate
        createComment updateComment deleteComment restoreComment
        deleteRows restoreRows
        recordPosts recordIdeas recordComment recordImage
        subscribe changePlan cancelSubscription resumeSubscription
        addPaymentMethod removePaymentMethod setDefaultPaymentMethod
        updateViewer deleteViewer""",
    Access.ADMINS: """
        createUser deleteUser restoreUser setUserRole adjustQuota
        createPlan updatePlan retirePlan
        issueInvoice payInvoice voidInvoice""",
    Access.ANY_ROLE: "markPostPublished",
}
WHO = {name: access for access, names in RULES.items() for name in names.split()}
# What writes for whoever sends it: what its ids name is referred to, if anything.
FOR_ONESELF = {
    *("createThread", "createPost", "createPersona", "createTemplate", "createComment"),
    *("recordPosts", "recordComment", "subscribe", "addPaymentMethod", "updateViewer", "deleteViewer"),
}
EVERY = pytest.mark.parametrize("mutation", MUTATIONS)


def test_every_mutation_has_a_line_here_and_declares_its_rule() -> None:
    assert sorted(name for names in RULES.values() for name in names.split()) == sorted(MUTATIONS)
    assert rules_of("Mutation") == WHO
    assert WHO.keys() >= FOR_ONESELF


# Those who may not


@dataclass(frozen=True)
class World:
    """Everybody with a row of everything, and what is stored before anything is sent."""

    owner: Person
    stranger: Person
    service: Person
    nobody: Person
    before: list[tuple[Any, ...]]

    def is_unchanged(self) -> bool:
        """Whether nothing at all was written."""
        return self.owner.stored() == self.before


@pytest.fixture(scope="module")
async def world(
    served: Starlette, worker_database: str, data_dir: Any, sweep: Callable[[], object]
) -> AsyncIterator[World]:
    """One world for all who may not: they change nothing."""
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        client = Client(http, LocalIssuer.open(data_dir))
        owner, stranger, service = (
            person(worker_database, client, role) for role in ("user", "user", "service")
        )
        yield World(owner, stranger, service, replace(owner, token=""), owner.stored())
    sweep()


@EVERY
async def test_whom_a_mutation_does_not_answer_is_refused(world: World, mutation: str) -> None:
    ids = world.owner.rows(mutation)
    refusal = {"nobody": "UNAUTHENTICATED", "owner": "FORBIDDEN", "service": "FORBIDDEN"}
    roles = {"nobody": None, "owner": "user", "service": "service"}

    for name, role in roles.items():
        if role in WHO[mutation].value:
            continue
        caller: Person = getattr(world, name)
        answer = await caller.call(mutation, ids, {})
        assert codes_of(answer) == [refusal[name]]
        assert answer["data"] is None

    assert world.is_unchanged()


def references(mutation: str) -> list[tuple[Leaf, str]]:
    """The ids of an input, each with the table of what it names; plans are nobody's."""
    found = [(leaf, table_of(mutation, leaf.path)) for leaf in leaves(mutation) if leaf.kind == "ID"]
    return [(leaf, table) for leaf, table in found if table != "Plan"]


@pytest.mark.parametrize(
    "mutation", [name for name, access in WHO.items() if access is not Access.ADMINS and references(name)]
)
async def test_anothers_rows_are_answered_as_if_they_were_not(world: World, mutation: str) -> None:
    own, theirs = world.stranger.rows(mutation), world.owner.rows(mutation)

    for leaf, table in references(mutation):
        unknown = str(uuid7())
        found = await world.stranger.call(mutation, own, {leaf.path: str(theirs[table])})
        missing = await world.stranger.call(mutation, own, {leaf.path: unknown})
        assert errors_of(found) == [("NOT_FOUND", str(leaf))]
        assert str(found).replace(str(theirs[table]), unknown) == str(missing)

    assert world.is_unchanged()


@pytest.mark.parametrize("is_unknown", [False, True])
async def test_a_service_learns_nothing_of_what_is_no_post(world: World, is_unknown: bool) -> None:
    id = str(uuid7() if is_unknown else world.owner.live["Thread"])

    answer = await world.service.call("markPostPublished", {}, {("id",): id})

    assert errors_of(answer) == [("NOT_FOUND", "input.id")]
    assert world.is_unchanged()


# Those who may

SECOND_ADMIN = "INSERT INTO \"User\" (id, email, role) VALUES (gen_random_uuid(), 'b@example.com', 'admin')"
DELETED_USER = 'UPDATE "User" SET "isDeleted" = true WHERE role = \'user\''
SCHEDULED = 'UPDATE "Post" SET published = true, "scheduledOn" = now() + interval \'1 day\''
CANCELED = "UPDATE \"Subscription\" SET status = 'canceled', \"endDate\" = now() + interval '1 day'"
# What has to be so before a mutation has anything to change.
BEFORE = {
    "unpublishPost": 'UPDATE "Post" SET published = true',
    "unsavePost": 'UPDATE "Post" SET "isSaved" = true',
    "clearPostOpinion": 'UPDATE "Post" SET "isLiked" = true',
    "unsaveIdea": 'UPDATE "ContentIdea" SET "isSaved" = true',
    "reschedulePost": SCHEDULED,
    "unschedulePost": SCHEDULED,
    "resumeSubscription": CANCELED,
    "subscribe": 'DELETE FROM "Subscription"',
    "setDefaultPaymentMethod": 'UPDATE "PaymentMethod" SET "isDefault" = false',
    "restoreUser": DELETED_USER,
    "deleteViewer": SECOND_ADMIN,
}
# What is changed, where that is not required.
CHANGES: dict[str, dict[Path, Any]] = {
    "setUserRole": {("role",): "ADMIN"},
    "updateComment": {("quote",): "Another"},
    "updateIdea": {("title",): "Another"},
    "updateMessage": {("content",): "Another"},
    "updatePersona": {("name",): "Another"},
    "updatePlan": {("name",): "Another"},
    "updatePost": {("title",): "Another"},
    "updateTemplate": {("name",): "Another"},
    "updateThread": {("title",): "Another"},
    "updateViewer": {("name",): "Another"},
}
ALLOWED = [
    (mutation, role)
    for mutation, access in WHO.items()
    for role in ("user", "admin", "service")
    if role in access.value
]


@pytest.mark.parametrize(("mutation", "role"), ALLOWED)
async def test_who_may_changes_something(client: Client, database_url: str, mutation: str, role: str) -> None:
    owner = person(database_url, client, deleted=mutation.startswith("restore"))
    another = person if mutation in FOR_ONESELF else bystander
    caller = owner if role == "user" else another(database_url, client, role)
    if mutation in BEFORE:
        execute(database_url, BEFORE[mutation])
    before = caller.stored()

    ids = (caller if mutation in FOR_ONESELF else owner).rows(mutation)
    answer = await caller.call(mutation, ids, CHANGES.get(mutation, {}))

    assert errors_of(answer) == []
    changed = {table for table, *_ in {*before} ^ {*caller.stored()}}
    assert changed - {"AuditEntry"} != set()
    recorded = fetch(database_url, RECORDED, caller.id, role, caller.live.get("AuditEntry"))
    if mutation not in FOR_ONESELF and role != "user":
        assert recorded != []
    assert {action for action, _ in recorded} <= {mutation}
    if mutation != "createUser":  # whose it is came into being with it
        assert {user for _, user in recorded} <= {ids["User"], None}


RECORDED = """SELECT action, "userId" FROM "AuditEntry"
              WHERE "actorId" = %s AND "actorRole" = %s AND id IS DISTINCT FROM %s"""

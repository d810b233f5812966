"""The audit trail, read: by those whose data it tells of, and by admins; rewritten by nobody."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Client
from tests.rows import NOW, execute, fetch, insert
from tests.schema.statements import counted
from tests.writing.changes import change

ENTRY = """
    action actorRole subjectType subjectId details
    actor { id } user { id } subject { __typename id }
"""
LIST = f"auditEntries {{ totalCount nodes {{ {ENTRY} }} }}"
OF_VIEWER = f"{{ viewer {{ {LIST} }} }}"


@pytest.fixture
def people(database_url: str) -> dict[str, UUID]:
    """One of each role, and a stranger."""
    roles = {"owner": "user", "stranger": "user", "admin": "admin", "service": "service"}
    return {name: insert(database_url, "User", role=role) for name, role in roles.items()}


def code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def test_the_owner_reads_what_was_done_and_not_by_whom(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    owner, admin = people["owner"], people["admin"]
    insert(database_url, "Subscription", userId=owner, planId=insert(database_url, "Plan"))
    adjusted = await change(
        client,
        "adjustQuota",
        "usageQuota { id }",
        by=admin,
        userId=owner,
        type="PERSONA",
        limit=3,
        reason="A favour.",
    )
    await change(client, "updateViewer", "viewer { id }", by=owner, name="Secret")

    found = {name: await client.data(OF_VIEWER, by=people[name]) for name in ("owner", "stranger", "admin")}
    as_admin = await client.data(
        f"query($id: ID!) {{ user(id: $id) {{ {LIST} }} }}", {"id": str(owner)}, by=admin
    )

    own, quota = {"id": str(owner)}, adjusted["usageQuota"]["id"]
    renamed = {
        "action": "updateViewer",
        "actorRole": "USER",
        "subjectType": "User",
        "subjectId": str(owner),
        "details": None,
        "actor": own,
        "user": own,
        "subject": {"__typename": "User"} | own,
    }
    limited = {
        "action": "adjustQuota",
        "actorRole": "ADMIN",
        "subjectType": "UsageQuota",
        "subjectId": quota,
        "details": {"type": "PERSONA", "limit": [10, 3], "reason": "A favour."},
        "actor": None,
        "user": own,
        "subject": {"__typename": "UsageQuota", "id": quota},
    }
    nothing = {"viewer": {"auditEntries": {"totalCount": 0, "nodes": []}}}
    assert found["owner"]["viewer"]["auditEntries"] == {"totalCount": 2, "nodes": [renamed, limited]}
    assert (found["stranger"], found["admin"]) == (nothing, nothing)
    by_admin = limited | {"actor": {"id": str(admin)}}
    assert as_admin["user"]["auditEntries"]["nodes"] == [renamed, by_admin]


async def test_an_entry_is_found_by_those_who_may_see_it(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    entry = insert(database_url, "AuditEntry", userId=people["owner"])
    nobodys = insert(database_url, "AuditEntry", action="updatePlan", subjectType="Plan")
    ask = """query($id: ID!) { auditEntry(id: $id) { id } node(id: $id) { __typename id } }"""
    whole = {"auditEntry": {"id": str(entry)}, "node": {"__typename": "AuditEntry", "id": str(entry)}}
    nothing = {"auditEntry": None, "node": None}

    for id, seers in ((entry, {"owner", "admin"}), (nobodys, {"admin"}), (uuid4(), set())):
        for name in ("owner", "stranger", "admin"):
            found = await client.data(ask, {"id": str(id)}, by=people[name])
            shown = {key: value | {"id": str(id)} for key, value in whole.items()}
            assert found == (shown if name in seers else nothing), name
        assert code(await client.run(ask, {"id": str(id)}, by=people["service"])) == "FORBIDDEN"
        assert code(await client.run(ask, {"id": str(id)})) == "UNAUTHENTICATED"


async def test_the_whole_trail_is_for_admins(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    for user in (people["owner"], people["stranger"], None):
        insert(database_url, "AuditEntry", userId=user)
    ask = "{ auditEntries { totalCount nodes { user { id } } } }"

    found = (await client.data(ask, by=people["admin"]))["auditEntries"]
    refused = {name: code(await client.run(ask, by=people[name])) for name in ("owner", "service")}

    owners = [None, {"id": str(people["stranger"])}, {"id": str(people["owner"])}]
    assert found == {"totalCount": 3, "nodes": [{"user": owner} for owner in owners]}
    assert refused == {"owner": "FORBIDDEN", "service": "FORBIDDEN"}


async def test_what_is_gone_is_told_of_by_its_id(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    owner, admin = people["owner"], people["admin"]
    deleted = insert(database_url, "Post", userId=owner, isDeleted=True)
    purged, unknown = uuid4(), uuid4()
    for subject_type, subject in (("Post", deleted), ("Post", purged), ("Withdrawn", unknown)):
        entry = {"subjectType": subject_type, "subjectId": subject, "userId": owner}
        insert(database_url, "AuditEntry", **entry, actorId=uuid4(), actorRole="admin")

    ask = f"query($id: ID!) {{ user(id: $id) {{ {LIST} }} }}"
    found = (await client.data(ask, {"id": str(owner)}, by=admin))["user"]["auditEntries"]["nodes"]

    assert [entry["subjectId"] for entry in found] == [str(unknown), str(purged), str(deleted)]
    assert [(entry["subject"], entry["actor"]) for entry in found] == [(None, None)] * 3
    assert [entry["actorRole"] for entry in found] == ["ADMIN"] * 3


async def test_a_deleted_users_trail_stays_for_admins(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    gone = insert(database_url, "User", isDeleted=True)
    insert(database_url, "AuditEntry", userId=gone, action="deleteUser", subjectType="User", subjectId=gone)

    found = await client.data(f"{{ {LIST} }}", by=people["admin"])

    (entry,) = found["auditEntries"]["nodes"]
    assert (entry["action"], entry["subjectId"]) == ("deleteUser", str(gone))
    assert (entry["user"], entry["subject"]) == (None, None)


async def test_what_the_operator_did_has_no_actor(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    insert(database_url, "AuditEntry", userId=people["owner"], action="purge")

    (entry,) = (await client.data(OF_VIEWER, by=people["owner"]))["viewer"]["auditEntries"]["nodes"]

    assert (entry["actor"], entry["actorRole"]) == (None, None)


async def test_the_trail_is_filtered_by_subject_and_time(
    client: Client, database_url: str, people: dict[str, UUID]
) -> None:
    subjects = [uuid4() for _ in range(3)]
    for number, subject in enumerate(subjects):
        moment = NOW - timedelta(days=number)
        insert(database_url, "AuditEntry", subjectId=subject, createdAt=moment)
    ask = "query($where: AuditEntriesWhere) { auditEntries(where: $where) { nodes { subjectId } } }"
    first, second, third = map(str, subjects)
    yesterday = (NOW - timedelta(days=1)).isoformat()

    for where, expected in [
        ({}, [first, second, third]),
        ({"subjectId": {"eq": second}}, [second]),
        ({"subjectId": {"eq": second.upper()}}, [second]),
        ({"subjectId": {"in": [first, third, str(uuid4())]}}, [first, third]),
        ({"subjectId": {"isNull": True}}, []),
        ({"createdAt": {"gte": yesterday}}, [first, second]),
        ({"createdAt": {"lt": yesterday}, "subjectId": {"eq": third}}, [third]),
    ]:
        found = await client.data(ask, {"where": where}, by=people["admin"])
        assert [entry["subjectId"] for entry in found["auditEntries"]["nodes"]] == expected, where


@pytest.mark.parametrize(
    ("given", "field"),
    [({"eq": "1"}, "where.subjectId.eq"), ({"in": [str(uuid4()), "x"]}, "where.subjectId.in")],
)
async def test_a_malformed_id_is_no_filter(
    client: Client, people: dict[str, UUID], given: dict[str, Any], field: str
) -> None:
    ask = "query($where: AuditEntriesWhere) { auditEntries(where: $where) { totalCount } }"

    answer = await client.run(ask, {"where": {"subjectId": given}}, by=people["admin"])

    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


async def test_many_entries_take_a_statement_for_each_kind_of_row(
    by_resolvers: Client, database_url: str, people: dict[str, UUID]
) -> None:
    for _ in range(5):
        user = insert(database_url, "User")
        post = insert(database_url, "Post", userId=user)
        insert(database_url, "AuditEntry", userId=user, actorId=people["admin"], subjectId=post)
        insert(database_url, "AuditEntry", userId=user, subjectId=user, subjectType="User")

    with counted() as statements:
        found = await by_resolvers.data(
            "{ auditEntries { nodes { actor { id } user { id } subject { id } } } }", by=people["admin"]
        )

    assert len([entry for entry in found["auditEntries"]["nodes"] if entry["subject"]]) == 10
    # Who asks, the entries, their users (actors, owners and subjects alike), their posts.
    assert len(statements) == 4


@pytest.mark.parametrize(
    "statement", ["UPDATE \"AuditEntry\" SET action = 'nothing'", 'DELETE FROM "AuditEntry"']
)
def test_nobody_rewrites_the_trail(database_url: str, statement: str) -> None:
    insert(database_url, "AuditEntry")
    before = fetch(database_url, 'SELECT * FROM "AuditEntry"')

    with pytest.raises(psycopg.errors.CheckViolation, match="neither changed nor deleted"):
        execute(database_url, statement)

    assert fetch(database_url, 'SELECT * FROM "AuditEntry"') == before

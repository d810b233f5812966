"""Who is let in at all, how far publishers come, and that changes count at the next request."""

from uuid import uuid4

import httpx
import pytest
from graphql import get_named_type, is_non_null_type

from schema.access import Access
from tests.schema.walks import (
    EDGES,
    NODES,
    QUERY,
    Scene,
    Seen,
    arguments,
    edges_of,
    rules_of,
    selection,
    shown,
)
from tests.schema.worlds import Key

# Publishers


DUE = f"{{ duePosts(first: 100) {{ {selection(get_named_type(QUERY['duePosts'].type), 1)} }} }}"


@pytest.mark.parametrize("viewer", ["bot", "root"])
async def test_due_posts_lead_publishers_no_further(scene: Scene, viewer: str) -> None:
    world, seen = scene.world, Seen()
    (subscription,) = world.neighbours("User", world.people["bot"], "Subscription", world.visible("root"))

    with world.changed("Subscription", subscription, status="expired"):
        due = world.due()
        found = (await scene.ask(viewer, DUE, also={("Post", id) for id in due}))["duePosts"]

    assert len(due) == 6  # ada, bob and root have two each; eve has not paid, carol is deleted
    assert {node["post"]["id"] for node in found["nodes"]} == due
    emails = {world.rows["User"][world.people[name]]["email"] for name in ("ada", "bob", "root")}
    assert {node["ownerEmail"] for node in found["nodes"]} == emails
    assert found["totalCount"] == len(found["nodes"]) == len(due)
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    seen.look(found)
    assert seen.edges.keys() == {("Post", edge.name) for edge in edges_of(NODES["Post"])}
    assert [edge for edge in EDGES.values() if edge.parent == "Post" and edge.is_many] == []
    for (_, name), edges in seen.edges.items():
        target, visible = EDGES["Post", name].target, world.visible(viewer)
        assert edges == {id: world.neighbours("Post", id, target, visible) for id in due}, name


async def test_due_posts_of_its_own_lead_a_service_no_further_either(scene: Scene) -> None:
    seen, due = Seen(), scene.world.due()
    own = {id for id in due if scene.world.owner("Post", id) == scene.world.people["bot"]}

    response = await scene.send("bot", DUE)

    seen.look(response.json()["data"])
    assert len(own) == 2
    assert {
        name: found for (_, name), edges in seen.edges.items() for id, found in edges.items() if found
    } == {}
    assert shown(response.text, scene.world) == {("Post", id) for id in due}


# Who is let in at all


def outcome(response: httpx.Response, name: str) -> str:
    """`data`, or the code of the refusal: of a field that is never null, it leaves no data at all."""
    answer = response.json()
    assert response.status_code == 200, answer
    if "errors" not in answer:
        return "data"
    (error,) = answer["errors"]
    assert answer["data"] == (None if is_non_null_type(QUERY[name].type) else {name: None})
    assert error["path"] == [name]
    return str(error["extensions"]["code"])


def test_every_root_field_has_a_rule() -> None:
    rules = rules_of("Query")

    assert rules.keys() == QUERY.keys()
    assert [name for name, rule in rules.items() if rule is None] == []
    assert {name for name, rule in rules.items() if rule is Access.ANYBODY} == {"viewer", "systemPersonas"}
    assert {name for name, rule in rules.items() if rule is Access.PUBLISHERS} == {"duePosts"}
    assert {name for name, rule in rules.items() if rule is Access.ADMINS} == {
        name for name, made in QUERY.items() if (made.description or "").startswith("For admins:")
    }


@pytest.mark.parametrize("name", QUERY)
async def test_a_root_field_answers_those_whom_its_rule_lets_in_and_no_others(
    scene: Scene, name: str
) -> None:
    rule = rules_of("Query")[name]
    assert rule is not None
    refusal = {None: "UNAUTHENTICATED", "user": "FORBIDDEN", "admin": "FORBIDDEN", "service": "FORBIDDEN"}
    expected = {role: "data" if role in rule.value else refusal[role] for role in refusal}
    if name == "viewer":
        expected["service"] = "FORBIDDEN"  # a service has no account to show

    query = root_query(name)
    found = {
        role: outcome(await scene.send(caller, query), name)
        for role, caller in ((None, None), ("user", "ada"), ("admin", "root"), ("service", "bot"))
    }

    assert found == expected


def root_query(name: str) -> str:
    """A question that the field answers to whomever it answers at all."""
    made = QUERY[name]
    given = {"ids": f'["{uuid4()}"]', "document": '"{ __typename }"'}
    taken = {key: value for key, value in given.items() if key in made.args}
    return f"{{ {name}{arguments(made, **taken)} {{ {selection(get_named_type(made.type), 0)} }} }}"


async def test_nobody_is_shown_system_personas_and_that_nobody_is_signed_in(scene: Scene) -> None:
    data = await scene.ask(None, "{ viewer { id } systemPersonas { id name } }")

    assert data["viewer"] is None
    assert len(data["systemPersonas"]) > 0


@pytest.mark.parametrize("name", QUERY)
async def test_a_deleted_users_token_is_worth_no_more_than_that_of_somebody_who_never_was(
    scene: Scene, name: str
) -> None:
    query = root_query(name)
    unknown = await scene.client.post(query, authorization=f"Bearer {scene.client.token(uuid4())}")

    answers = [await scene.send(viewer, query) for viewer in ("carol", "dan")]

    assert unknown.status_code == 401
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, unknown.content)}


# Changes are seen at the next request


async def found_by_id(scene: Scene, viewer: str) -> set[Key]:
    """Every row of the world that `nodes` gives."""
    return {(row["__typename"], row["id"]) for row in await scene.nodes(viewer, scene.world.all()) if row}


async def test_a_deleted_user_is_out_at_the_next_request_and_back_when_restored(scene: Scene) -> None:
    world, bob = scene.world, scene.world.people["bob"]
    before = world.visible("root")

    with world.changed("User", bob, isDeleted=True):
        refused = await scene.send("bob", "{ viewer { id } }")
        meanwhile = await found_by_id(scene, "root")

    code = refused.json()["errors"][0]["extensions"]["code"]
    assert (refused.status_code, code) == (401, "UNAUTHENTICATED")
    # What was recorded outlives him.
    gone = {key for key in before if world.owner(*key) == bob and key[0] != "AuditEntry"}
    assert before - meanwhile == gone
    assert await found_by_id(scene, "bob") == world.visible("bob")


@pytest.mark.parametrize("role", ["user", "service"])
async def test_a_demoted_admin_loses_access_at_the_next_request(scene: Scene, role: str) -> None:
    world, root = scene.world, scene.world.people["root"]

    with world.changed("User", root, role=role):
        users = outcome(await scene.send("root", "{ users { totalCount } }"), "users")
        subscribers = await scene.send("root", "{ plans { nodes { subscriptions { totalCount } } } }")
        found = await found_by_id(scene, "root") if role == "user" else set()
        expected = world.visible("root")

    assert users == "FORBIDDEN"
    assert {error["extensions"]["code"] for error in subscribers.json()["errors"]} == {"FORBIDDEN"}
    assert found == expected
    assert outcome(await scene.send("root", "{ users { totalCount } }"), "users") == "data"


async def test_deleting_a_parent_hides_what_is_below_it_and_restoring_brings_it_back(scene: Scene) -> None:
    world = scene.world
    thread = min(world.ids("Thread", "ada"))
    before = world.visible("ada")

    with world.changed("Thread", thread, isDeleted=True):
        meanwhile = await found_by_id(scene, "ada")
        expected = world.visible("ada")

    assert {table for table, _ in before - meanwhile} == {"Thread", "ChatMessage", "ContentIdea"}
    assert meanwhile == expected
    assert await found_by_id(scene, "ada") == before

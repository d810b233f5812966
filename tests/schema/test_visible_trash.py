"""Who may see what was deleted: its owner and admins, nobody else."""

from uuid import uuid4

import pytest

from tests.schema.populating import READERS
from tests.schema.walks import Scene

TRASH = """query ($owner: ID) { trash(userId: $owner, first: 100) {
  totalCount nodes { id type title blockedBy { type id } } edges { node { id } }
} }"""
KINDS = {"ChatMessage": "MESSAGE", "ContentIdea": "IDEA"}


def kind(table: str) -> str:
    return KINDS.get(table, table.upper())


@pytest.mark.parametrize("owner", ["ada", "bob", "eve", "root", "bot", "carol", "dan"])
@pytest.mark.parametrize("viewer", READERS)
async def test_the_trash_holds_what_its_owner_deleted_for_the_owner_and_admins(
    scene: Scene, viewer: str, owner: str
) -> None:
    world = scene.world
    expected = world.trash(viewer, owner)
    also = {*expected, *(above for entry in expected.values() for above in entry)}

    data = await scene.ask(viewer, TRASH, also=also, owner=world.people[owner])

    found = data["trash"]
    assert {(entry["type"], entry["id"]): entry["blockedBy"] for entry in found["nodes"]} == {
        (kind(table), id): [{"type": kind(name), "id": above} for name, above in entry]
        for (table, id), entry in expected.items()
    }
    assert [edge["node"]["id"] for edge in found["edges"]] == [entry["id"] for entry in found["nodes"]]
    assert (found["totalCount"], len(found["nodes"])) == (len(expected), len(expected))
    if viewer == owner:
        assert len(expected) > 20
        assert found == (await scene.ask(viewer, TRASH, also=also))["trash"]


async def test_anothers_trash_is_as_empty_as_that_of_somebody_who_never_was(scene: Scene) -> None:
    unknown = await scene.send("ada", TRASH, owner=str(uuid4()))

    others = [
        await scene.send("ada", TRASH, owner=id) for name, id in scene.world.people.items() if name != "ada"
    ]

    assert unknown.json() == {"data": {"trash": {"totalCount": 0, "nodes": [], "edges": []}}}
    assert {(answer.status_code, answer.content) for answer in others} == {(200, unknown.content)}


async def test_admins_find_the_users_who_were_deleted(scene: Scene) -> None:
    people = scene.world.people
    gone = {("User", people["carol"]), ("User", people["dan"])}

    query = "{ deletedUsers { totalCount nodes { id type title blockedBy { id } } edges { node { id } } } }"
    found = (await scene.ask("root", query, also=gone))["deletedUsers"]

    assert sorted(found["nodes"], key=lambda entry: str(entry["id"])) == [
        {"id": people["carol"], "type": "USER", "title": "carol@example.com", "blockedBy": []},
        {"id": people["dan"], "type": "USER", "title": "Ada@Example.com", "blockedBy": []},
    ]
    assert {edge["node"]["id"] for edge in found["edges"]} == {id for _, id in gone}
    assert found["totalCount"] == 2

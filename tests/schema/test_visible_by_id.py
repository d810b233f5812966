"""Who may see what by its id or address, and counted in quotas: what is not yours is not there."""

from typing import Any
from uuid import uuid4

import pytest

from tests.schema.populating import READERS
from tests.schema.walks import BY_ID, Edge, Scene

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways


@pytest.mark.parametrize("edge", BY_ID, ids=lambda edge: edge.name)
@pytest.mark.parametrize("viewer", ["ada", "bob", "root"])
async def test_by_id_what_is_visible_is_found_and_all_else_is_as_if_it_never_was(
    scene: Scene, viewer: str, edge: Edge
) -> None:
    visible = scene.world.visible(viewer)
    ids = sorted(scene.world.rows[edge.target])
    other_types = next(id for table, id in sorted(visible) if table != edge.target)
    hidden = [id for id in ids if (edge.target, id) not in visible]

    found: list[Any] = []
    for start in range(0, len(ids), 50):
        fields = [f'n{n}: {edge.name}(id: "{id}") {{ id }}' for n, id in enumerate(ids[start : start + 50])]
        found += (await scene.ask(viewer, f"{{ {' '.join(fields)} }}")).values()
    query = f"query ($id: ID!) {{ {edge.name}(id: $id) {{ __typename id }} }}"
    unknown = await scene.send(viewer, query, id=str(uuid4()))
    some = [await scene.send(viewer, query, id=id) for id in (other_types, *hidden[:: len(hidden) // 5 + 1])]

    assert found == [None if id in hidden else {"id": id} for id in ids]
    assert unknown.json() == {"data": {edge.name: None}}
    assert {(answer.status_code, answer.content) for answer in some} == {(200, unknown.content)}


@pytest.mark.parametrize("viewer", ["ada", "bob", "root"])
async def test_node_and_nodes_find_exactly_what_is_visible(scene: Scene, viewer: str) -> None:
    visible = scene.world.visible(viewer)
    every = sorted(scene.world.all())
    hidden = [id for table, id in every if (table, id) not in visible]

    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    unknown = await scene.send(viewer, query, id=str(uuid4()))
    some = [await scene.send(viewer, query, id=id) for id in hidden[:: len(hidden) // 3]]
    found = await scene.nodes(viewer, every)

    assert unknown.json() == {"data": {"node": None}}
    assert {(answer.status_code, answer.content) for answer in some} == {(200, unknown.content)}
    assert found == [
        {"__typename": table, "id": id} if (table, id) in visible else None for table, id in every
    ]


@pytest.mark.parametrize("viewer", READERS)
async def test_an_address_finds_live_users_for_admins_alone(scene: Scene, viewer: str) -> None:
    world = scene.world
    query = "query ($email: String!) { userByEmail(email: $email) { __typename id } }"

    found = {
        name: (await scene.send(viewer, query, email=world.rows["User"][id]["email"].upper())).json()
        for name, id in world.people.items()
    }

    if viewer == "root":
        ids = {name: (answer["data"]["userByEmail"] or {}).get("id") for name, answer in found.items()}
        live = {name: id for name, id in world.people.items() if world.is_live("User", id)}
        # dan is deleted, and his address is ada's now.
        assert ids == live | {"carol": None, "dan": world.people["ada"]}
    else:
        assert len({str(answer) for answer in found.values()}) == 1
        assert found["ada"]["data"] == {"userByEmail": None}


@pytest.mark.parametrize("viewer", READERS)
async def test_quotas_count_what_is_visible(scene: Scene, viewer: str) -> None:
    world, visible = scene.world, scene.world.visible(viewer)
    keys = {(table, id) for table, id in visible if table == "User"}
    fields = "quotas { type used } quota(type: PERSONA) { used }"

    found = {row["id"]: row for row in await scene.rows(viewer, keys, f"id {fields}")}

    assert found.keys() == {id for _, id in keys}
    for id, row in found.items():
        personas = len(world.neighbours("User", id, "Persona", visible))
        used = {quota["type"]: quota["used"] for quota in row["quotas"]}
        others = dict.fromkeys(
            ("IDEA_GENERATION", "COMMENT_GENERATION", "POST_SCHEDULING", "IMAGE_CREATION"), 0
        )
        assert personas == 1
        assert used == {"POST_GENERATION": 3, "PERSONA": 1} | others
        assert row["quota"] == {"used": 1}

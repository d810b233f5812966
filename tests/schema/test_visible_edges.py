"""Who may see what by following edges: every one of every type, as everybody."""

from dataclasses import dataclass, field

import pytest
from graphql import get_named_type

from tests.schema.populating import READERS
from tests.schema.walks import EDGES, REFUSED, Edge, Scene, Seen, arguments, joined, selection

pytestmark = pytest.mark.untraced  # to trace them takes as long again; other tests go the same ways


@dataclass
class Crawls:
    """What readers find from the rows that are visible, all edges of each; found once for all tests."""

    scene: Scene
    made: dict[str, Seen] = field(default_factory=dict)

    async def of(self, viewer: str) -> Seen:
        """What one reader finds."""
        if viewer not in self.made:
            self.made[viewer] = await self.scene.crawl(viewer, Seen(self.scene.world.visible(viewer)))
        return self.made[viewer]


@pytest.fixture(scope="module")
def crawls(scene: Scene) -> Crawls:
    """None yet: each is made by the first test that needs it."""
    return Crawls(scene)


@pytest.mark.parametrize("edge", EDGES.values(), ids=str)
@pytest.mark.parametrize("viewer", READERS)
async def test_an_edge_leads_to_exactly_what_is_visible(
    scene: Scene, crawls: Crawls, viewer: str, edge: Edge
) -> None:
    expected = joined(scene.world, viewer, edge, scene.world.visible(viewer))

    assert (await crawls.of(viewer)).edges[edge.parent, edge.name] == expected
    assert any(expected.values()) or set(expected.values()) == {REFUSED}


@pytest.mark.parametrize("viewer", READERS)
async def test_following_edges_never_leaves_what_is_visible(
    scene: Scene, crawls: Crawls, viewer: str
) -> None:
    assert (await crawls.of(viewer)).rows == scene.world.visible(viewer)


@pytest.mark.parametrize("edge", EDGES.values(), ids=str)
async def test_an_edge_of_an_edge_leads_there_too(scene: Scene, edge: Edge) -> None:
    # One viewer each, by turns: what users and admins may see differs in the first edge, not in the second.
    viewer = "root" if edge.is_many else "ada"
    seen, visible = Seen(), scene.world.visible(viewer)
    parents = sorted(key for key in visible if key[0] == edge.parent)
    some = parents[:: len(parents) // 3 + 1]
    below = selection(get_named_type(edge.field.type), 0)

    seen.look(await scene.rows(viewer, some, f"{edge.name}{arguments(edge.field)} {{ {below} }}"))

    assert seen.edges
    for (parent, name), found in seen.edges.items():
        expected = joined(scene.world, viewer, EDGES[parent, name], visible)
        assert found == {id: expected[id] for id in found}, f"{edge} then {name}"


@pytest.mark.parametrize("viewer", READERS)
async def test_from_the_own_account_all_that_is_own_can_be_reached(
    scene: Scene, crawls: Crawls, viewer: str
) -> None:
    world, me = scene.world, scene.world.people[viewer]
    billed = {invoice.get("paymentMethodId") for invoice in world.rows["Invoice"].values()}
    own = {
        (table, id)
        for table, id in world.visible(viewer)
        # A way to pay that was removed and never paid with is found by its id alone.
        if world.owner(table, id) == me and (id in billed or not world.rows[table][id].get("removedAt"))
    }
    subscriptions = [row for row in world.rows["Subscription"].values() if row["userId"] == me]
    invoices = [row for row in world.rows["Invoice"].values() if row["userId"] == me and "planId" in row]
    plans = {("Plan", row[key]) for row in subscriptions for key in ("planId", "nextPlanId")}
    plans |= {("Plan", row["planId"]) for row in invoices}

    data = await scene.ask(viewer, "{ viewer { __typename id } }")

    start = (data["viewer"]["__typename"], data["viewer"]["id"])
    assert start == ("User", me)
    assert (await crawls.of(viewer)).reachable(start) == own | plans

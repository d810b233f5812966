"""Operations at the ends of what a plan can be: long, wide, deep, and full of fragments."""

import pytest

from tests.reading.known import Known
from tests.reading.twins import Answer, Twins
from tests.schema.walks import NODES, selection


async def ask(twins: Twins, one_world: Known, query: str, caller: str = "root") -> Answer:
    """What the compiled plans answer, once it is known to be what the resolvers answer."""
    compiled, reference = await twins.ask({"query": query}, one_world.callers[caller])
    assert compiled.same(reference), (compiled.text[:300], reference.text[:300])
    assert "errors" not in compiled.text[:20]
    return compiled


def nested(levels: int, above: str, below: str, middle: str) -> str:
    """`middle` below so many levels."""
    return above * levels + middle + below * levels


@pytest.mark.parametrize("levels", [1, 5, 12, 25, 60])
async def test_chains_of_rows_to_one_as_long_as_may_be(twins: Twins, one_world: Known, levels: int) -> None:
    chain = nested(levels, "thread { user { id } messages(first: 1) { nodes { ", "} } }", "id ")

    await ask(twins, one_world, f"{{ viewer {{ messages(first: 2) {{ nodes {{ {chain} }} }} }} }}", "ada")


@pytest.mark.parametrize("levels", [10, 40, 80, 120, 160, 240, 320])
@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("subscription { user { ", "} } "),
        ("... on User { ", "} "),
        ("plans: subscription { ... { user { ... on User @include(if: true) { ", "} } } } "),
        ("posts(first: 1) { nodes { user { ", "} } } "),
    ],
)
async def test_what_is_nested_too_deeply_is_refused_alike(
    twins: Twins, one_world: Known, above: str, below: str, levels: int
) -> None:
    query = f"{{ viewer {{ {nested(levels, above, below, 'id ')} }} }}"

    compiled, reference = await twins.ask({"query": query}, one_world.callers["ada"])

    assert compiled.same(reference), (compiled.text[:300], reference.text[:300])
    assert compiled.status == 200


@pytest.mark.parametrize("levels", [1, 3, 6])
async def test_chains_up_and_down(twins: Twins, one_world: Known, levels: int) -> None:
    chain = nested(levels, "persona { name posts(first: 2) { totalCount nodes { id ", "} } }", "title ")

    await ask(twins, one_world, f"{{ viewer {{ posts(first: 3) {{ nodes {{ {chain} }} }} }} }}", "owner")


@pytest.mark.parametrize("number", [3, 40, 120])
async def test_as_many_aliases_of_rows_to_one_as_may_be(twins: Twins, one_world: Known, number: int) -> None:
    rows = " ".join(
        f"p{place}: persona {{ id n{place}: name user {{ u{place}: email }} }}" for place in range(number)
    )

    await ask(twins, one_world, f"{{ viewer {{ posts(first: 5) {{ nodes {{ {rows} }} }} }} }}", "owner")


@pytest.mark.parametrize("number", [3, 20, 40])
async def test_as_many_lists_as_may_be(twins: Twins, one_world: Known, number: int) -> None:
    lists = " ".join(
        f"p{place}: posts(first: {place % 7}, where: {{isSaved: {{eq: {'true' if place % 2 else 'false'}}}}})"
        " { totalCount nodes { id } pageInfo { hasNextPage endCursor } }"
        for place in range(number)
    )

    await ask(twins, one_world, f"{{ viewer {{ {lists} }} }}", "owner")


@pytest.mark.parametrize("number", [2, 60])
async def test_as_many_rows_by_id_as_may_be(twins: Twins, one_world: Known, number: int) -> None:
    ids = (one_world.ids["Post"] * 2)[:number]
    rows = " ".join(f'p{place}: post(id: "{id}") {{ id persona {{ name }} }}' for place, id in enumerate(ids))

    for caller in ("root", "owner", "ada"):
        await ask(twins, one_world, f"{{ {rows} }}", caller)


@pytest.mark.parametrize("levels", [3, 8])
async def test_fragments_that_unfold_to_very_many_fields(twins: Twins, one_world: Known, levels: int) -> None:
    fragments = " ".join(
        f"fragment F{level} on User {{ ...F{level + 1} ...F{level + 1} a{level}: email ...F{level + 1} }}"
        for level in range(levels)
    )

    await ask(twins, one_world, f"{{ viewer {{ ...F0 }} }} {fragments} fragment F{levels} on User {{ id }}")


async def test_fragments_that_unfold_to_very_many_rows(twins: Twins, one_world: Known) -> None:
    levels = 6
    fragments = " ".join(
        f"fragment F{n} on User {{ a{n}: subscription {{ user {{ ...F{n + 1} }} }} "
        f"b{n}: subscription {{ user {{ ...F{n + 1} }} }} }}"
        for n in range(levels)
    )

    await ask(
        twins,
        one_world,
        f"{{ viewer {{ ...F0 }} }} {fragments} fragment F{levels} on User {{ email }}",
        "ada",
    )


@pytest.mark.parametrize("table", NODES)
async def test_every_field_of_a_hundred_rows(twins: Twins, one_world: Known, table: str) -> None:
    ids = one_world.ids[table][:100]
    query = (
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {table} {{ {selection(NODES[table], 0)} }} }} }}"
    )

    for caller in ("root", "owner"):
        by = one_world.callers[caller]
        compiled, reference = await twins.ask({"query": query, "variables": {"ids": ids}}, by)
        assert compiled.same(reference)

"""Random mutations of several callers: after each, its answer and all that they can read are the model's."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Client
from tests.examples import examples
from tests.writing.model.steps import VEINS
from tests.writing.model.world import World
from zorbit.db import Database
from zorbit.doctor import examine

STEPS = 25

Walk = Callable[[list[int]], Awaitable[None]]


@settings(
    deadline=None,
    max_examples=examples(2),
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**63))
async def test_whatever_is_sent_the_server_and_the_model_agree(
    client: Client, database_url: str, pool: Database, sweep: Callable[[], object], seed: int
) -> None:
    async def walk(steps: list[int]) -> None:
        sweep()
        world = World(client, database_url, datetime.now(UTC).replace(microsecond=0))
        vein = Random(seed).choice(list(VEINS))
        try:
            await world.compare(world.live())
            for step in steps:
                await world.take(vein, Random(seed * STEPS + step))
            await world.compare(world.live(), whole=True)
            assert [finding for finding in await examine(pool) if finding.count] == []
        except AssertionError as fault:
            fault.add_note("\n".join(world.told))
            raise

    await walk_or_tell(walk, list(range(STEPS)))


async def walk_or_tell(walk: Walk, steps: list[int]) -> None:
    """Walk; where that fails, fail with no step more than it needs.

    Left to hypothesis, that takes minutes: it can't know that each step stands by itself.
    """
    if await falls(walk, steps):
        for step in reversed(steps):
            fewer = [other for other in steps if other != step]
            steps = fewer if await falls(walk, fewer) else steps
        await walk(steps)


async def falls(walk: Walk, steps: list[int]) -> bool:
    try:
        await walk(steps)
    except AssertionError:
        return True
    return False

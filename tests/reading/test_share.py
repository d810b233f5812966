"""What is answered by compiled plans: nearly all that can be read."""

import re
from collections import Counter

from tests.reading.known import Known
from tests.reading.operations import Operation, compose
from tests.reading.smaller import smallest
from tests.reading.twins import Twins

SEEDS = range(50)
CALLERS = ("root", "owner")
FLOOR = 0.85
"""Of the answers without errors, how many a plan makes; the rest are introspection, and rules for admins."""
INTROSPECTION = re.compile(r"\b__(schema|type)\b")
WORDS = re.compile(r'"[^"]*"')


async def test_nearly_all_that_can_be_read_is_answered_by_compiled_plans(
    twins: Twins, one_world: Known
) -> None:
    counts: Counter[str] = Counter()
    left: dict[str, Operation] = {}

    for seed in SEEDS:
        operation = compose(seed, one_world)
        for caller in CALLERS:
            answer = await twins.plans(operation.body, one_world.callers[caller])
            if not answer.errors:
                counts["compiled" if answer.compiled else "resolved"] += 1
            if not (answer.errors or answer.compiled or INTROSPECTION.search(operation.text)):
                left[caller] = operation

    assert counts["compiled"] >= FLOOR * counts.total(), (counts, await reasons(twins, one_world, left))


async def reasons(twins: Twins, one_world: Known, left: dict[str, Operation]) -> Counter[str]:
    """The least operations that are left to the resolvers."""
    found: Counter[str] = Counter()
    for caller, operation in left.items():

        async def is_left(smaller: Operation, caller: str = caller) -> bool:
            answer = await twins.plans(smaller.body, one_world.callers[caller])
            return not (answer.errors or answer.compiled)

        least = await smallest(operation, is_left)
        found[WORDS.sub('"..."', " ".join(least.text.split()))] += 1
    return found

"""Whatever is asked, whoever asks: compiled plans answer as the resolvers do."""

from itertools import zip_longest
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.reading.known import Known
from tests.reading.operations import Operation, compose
from tests.reading.smaller import smallest
from tests.reading.twins import Answer, Twins

pytestmark = pytest.mark.untraced  # to trace it takes twice as long; other tests go the same ways

FIRST = "root"
"""An admin asks first, so that whatever is kept of a plan is kept of theirs."""
RACES = 20
"""Of two fields that take one object along, one is told of: whichever PostgreSQL answers first."""
CONTEXT = 60
"""Characters that are shown before and after a difference."""


@settings(
    deadline=None,
    max_examples=examples(24),  # in each of three worlds, by six callers: 432 answers, and in CI 2,160
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**63))
async def test_compiled_plans_answer_as_the_resolvers_do(twins: Twins, asked: Known, seed: int) -> None:
    operation = compose(seed, asked)
    others = [name for name in asked.callers if name != FIRST]

    for caller in [FIRST, *Random(seed).sample(others, len(others))]:
        compiled, reference = await twins.ask(operation.body, asked.callers[caller])
        for _ in range(RACES):
            if compiled.same(reference) or (compiled.status, compiled.data) != (
                reference.status,
                reference.data,
            ):
                break
            compiled, reference = await twins.ask(operation.body, asked.callers[caller])

        if not compiled.same(reference):
            once = f"{_shown(compiled, reference)}\n{_shown(reference, compiled)}"
            pytest.fail(await explained(twins, asked, operation, caller, once))


async def explained(twins: Twins, asked: Known, operation: Operation, caller: str, once: str) -> str:
    """The least operation that is answered differently, and where."""

    async def differs(smaller: Operation) -> bool:
        compiled, reference = await twins.ask(smaller.body, asked.callers[caller])
        return not compiled.same(reference)

    if not await differs(operation):
        return f"{caller} was answered differently once, and then no more:\n{once}\n{operation}"
    least = await smallest(operation, differs)
    compiled, reference = await twins.ask(least.body, asked.callers[caller])
    return (
        f"{caller} asks:\n{least.text}\nvariables: {least.variables}\noperationName: {least.name}\n"
        f"compiled ({compiled.compiled}):\n  {_shown(compiled, reference)}\n"
        f"reference:\n  {_shown(reference, compiled)}\nas a part of:\n{operation}"
    )


def _shown(answer: Answer, other: Answer) -> str:
    mine, theirs = str(answer), str(other)
    places = (place for place, pair in enumerate(zip_longest(mine, theirs)) if pair[0] != pair[1])
    place = next(places, 0)
    return f"...{mine[max(0, place - CONTEXT) : place + CONTEXT]}... ({answer.status})"

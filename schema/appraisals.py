"""What an operation would come to, told without running it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import strawberry

from schema.fields import field
from zorbit.context import Context
from zorbit.engine.documents import TOO_COMPLEX, public
from zorbit.engine.measures import Measure
from zorbit.engine.operations import Request
from zorbit.errors import BadInput

INT_LIMIT = 2**31 - 1


@strawberry.type(description="How much an operation has of something.")
class OperationMeasure:
    """One of an operation's measures."""

    measured: strawberry.Private[Measure]
    limit: int = strawberry.field(description="The most that is let through.")

    @field("What is measured, as refusals name it.")
    def name(self) -> str:
        """By its public name."""
        return public(self.measured.name)

    @field(f"How much of it there is; {INT_LIMIT} stands for more, too.")
    def value(self) -> int:
        """Within what an Int holds."""
        return min(self.measured.value, INT_LIMIT)

    @field("Where most of it is; null where that is nowhere in particular.")
    def path(self) -> str | None:
        """Names of fields, or their aliases."""
        return ".".join(self.measured.path) or None


@strawberry.type(description="What an operation would come to.")
class OperationCost:
    """What an operation would come to."""

    fits: bool = strawberry.field(description="Whether all measures are within their limits.")
    cost: OperationMeasure | None = strawberry.field(
        description="In points; null where another measure is beyond its limit."
    )
    measures: list[OperationMeasure] = strawberry.field(
        description="All measures, the cost too; those that take time are left out of what does not fit."
    )


async def of_operation(context: Context, document: str, variables: Any, name: str | None) -> OperationCost:
    """The measures of an operation that the caller might send."""
    if not isinstance(variables, Mapping | None):
        raise BadInput("`variables` must be an object", field="variables")
    await asyncio.sleep(0)  # several of these let others in between them
    operations = context.operations
    found = operations.appraise(Request(document, None if variables is None else dict(variables), name))
    wrong = [error for error in found.errors if error["extensions"]["code"] != TOO_COMPLEX]
    if wrong:
        raise BadInput(str(wrong[0]["message"]), field="document")
    limits = operations.policy.limits
    measures = [OperationMeasure(measured=one, limit=getattr(limits, one.name)) for one in found.measures]
    cost = next((one for one in measures if one.measured.name == "cost"), None)
    return OperationCost(fits=not found.errors, cost=cost, measures=measures)

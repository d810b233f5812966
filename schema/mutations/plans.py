"""Plans, written by admins."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, edits, id_of
from zorbit.models import Plan
from zorbit.services import plans
from zorbit.services.values import Values

WRITTEN = row("plan", Plan, "The plan as it is now.")
REQUIRED = (
    "name",
    "price",
    "post_generation_limit",
    "idea_generation_limit",
    "persona_limit",
    "image_creation_limit",
)
FREE = (
    "description",
    "currency",
    "interval",
    "features",
    "comment_generation_limit",
    "post_scheduling_limit",
    "dodo_product_id",
)


@mutation(
    "For admins: make a plan, which can be subscribed to at once.",
    Access.ADMINS,
    takes=columns(Plan, *FREE, required=REQUIRED),
    gives=WRITTEN,
    recorded=True,
)
async def create_plan(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Nobody has it yet."""
    return {"plan": await plans.create(writing.session, values)}


@mutation(
    "For admins: change a plan. Quotas keep the limits that their cycle began with, and open invoices their "
    "amount. Interval and currency are fixed once somebody has the plan.",
    Access.ADMINS,
    takes=edits(Plan, *REQUIRED, *FREE, "is_active"),
    gives=WRITTEN,
    recorded=True,
)
async def update_plan(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What is left out stays as it is."""
    id, if_updated_at = values.take("id"), values.pop("if_updated_at", None)
    writing.note(changed=sorted(values))
    changed = await plans.update(writing.session, writing.viewer, id, values, if_updated_at=if_updated_at)
    return {"plan": changed}


@mutation(
    "For admins: retire a plan. Nobody can subscribe to it any more; those who have it keep it, and what was "
    "offered of it can be paid until it is voided.",
    Access.ADMINS,
    takes=id_of("id", "The plan's id."),
    gives=WRITTEN,
    recorded=True,
)
async def retire_plan(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A retired plan stays what it is."""
    return {"plan": await plans.retire(writing.session, writing.viewer, values.take("id"))}

"""Subscriptions, written: begun, changed, canceled and resumed."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import id_of, value
from zorbit.models import Invoice, Subscription
from zorbit.services import subscribing
from zorbit.services.values import Values

ID = id_of("id", "The subscription's id.")
WRITTEN = row("subscription", Subscription, "The subscription as it is now.")
OUTCOME = row("subscription", Subscription, "The subscription as it is now; null while there is none.") | row(
    "invoice", Invoice, "What has to be paid for it to take effect, or was; null where nothing has to be."
)


@mutation(
    "Subscribe to a plan: takes effect when the invoice is paid, at once where it costs nothing. What was "
    "canceled and is paid for still goes on, with what was used of it.",
    Access.PEOPLE,
    takes=id_of("plan_id", "The plan's id.")
    | value("trial", bool, "Whether to try it for nothing at first; once ever."),
    gives=OUTCOME,
    recorded=True,
)
async def subscribe(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The caller."""
    plan_id, trial = values.take("plan_id"), values.pop("trial", None) or False
    subscription, invoice = await subscribing.subscribe(
        writing.session, writing.viewer_id, plan_id, writing.terms, trial=trial
    )
    return {"subscription": subscription, "invoice": invoice}


@mutation(
    "Change the plan. A dearer one, for no shorter interval, takes effect when the invoice over the "
    "difference is paid; any other at the period's end. The present one undoes what was asked for before.",
    Access.PEOPLE,
    takes=ID | id_of("plan_id", "The other plan's id."),
    gives=OUTCOME,
    recorded=True,
)
async def change_plan(writing: Writing, values: Values) -> Mapping[str, Any]:
    """A newer request takes an older one's place."""
    id, plan_id = values.take("id"), values.take("plan_id")
    subscription, invoice = await subscribing.change_plan(
        writing.session, writing.viewer, id, plan_id, writing.terms
    )
    return {"subscription": subscription, "invoice": invoice}


@mutation(
    "Cancel at the end of what is paid for; open offers are withdrawn. Where nothing is paid for any more, "
    "it ends at once.",
    Access.PEOPLE,
    takes=ID,
    gives=WRITTEN,
    recorded=True,
)
async def cancel_subscription(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Can be undone before the end."""
    id = values.take("id")
    return {"subscription": await subscribing.cancel(writing.session, writing.viewer, id, writing.terms)}


@mutation(
    "Undo a cancellation before its end, or a change of plan that waits for the period's end.",
    Access.PEOPLE,
    takes=ID,
    gives=WRITTEN,
    recorded=True,
)
async def resume_subscription(writing: Writing, values: Values) -> Mapping[str, Any]:
    """With what was used."""
    id = values.take("id")
    return {"subscription": await subscribing.resume(writing.session, writing.viewer, id, writing.terms)}

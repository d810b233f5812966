"""Invoices, written by admins."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, id_of, several
from zorbit.models import Invoice, InvoiceItem, Subscription
from zorbit.services import invoices
from zorbit.services.values import Values

LIMIT = 50
"""Items of an invoice."""

ID = id_of("id", "The invoice's id.")
WRITTEN = row("invoice", Invoice, "The invoice as it is now.")
ITEM = columns(InvoiceItem, required=("description", "quantity", "unit_price"))


@mutation(
    "For admins: issue an invoice, open at once. Its amount is the sum of its items.",
    Access.ADMINS,
    takes=id_of("user_id", "Who is billed.")
    | columns(Invoice, "currency", required=("due_date",))
    | several("items", "InvoiceItemInput", ITEM, f"Its lines, 1 to {LIMIT}.", limit=LIMIT),
    gives=WRITTEN,
    recorded=True,
)
async def issue_invoice(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Brings about nothing but its payment."""
    return {"invoice": await invoices.issue(writing.session, values, writing.terms)}


@mutation(
    "For admins: mark an open invoice paid. What it offers takes effect with that.",
    Access.ADMINS,
    takes=ID
    | id_of(
        "payment_method_id",
        "What it was paid with: the owner's default where this is left out, none of them where it is null.",
        required=False,
    ),
    gives=WRITTEN
    | row(
        "subscription",
        Subscription,
        "The owner's subscription as it is now, where the invoice was for a plan.",
    ),
    recorded=True,
)
async def pay_invoice(writing: Writing, values: Values) -> Mapping[str, Any]:
    """Once: a paid invoice is refused."""
    invoice, subscription = await invoices.pay(writing.session, writing.viewer, values, writing.terms)
    return {"invoice": invoice, "subscription": subscription}


@mutation(
    "For admins: withdraw an invoice that is open or a draft.",
    Access.ADMINS,
    takes=ID,
    gives=WRITTEN,
    recorded=True,
)
async def void_invoice(writing: Writing, values: Values) -> Mapping[str, Any]:
    """What it offered doesn't take effect any more."""
    return {"invoice": await invoices.void(writing.session, writing.viewer, values.take("id"))}

"""Payment methods, written: exactly one is the default whenever there are any."""

from collections.abc import Mapping
from typing import Any

from schema.access import Access
from schema.payloads import row
from schema.writing import Writing, mutation
from schema.written import columns, id_of
from zorbit.models import PaymentMethod
from zorbit.services import payment_methods
from zorbit.services.values import Values

ID = id_of("id", "The payment method's id.")
WRITTEN = row("payment_method", PaymentMethod, "The payment method as it is now.")
FREE = ("card_brand", "last_four", "expiry_month", "expiry_year", "is_default")


@mutation(
    "Add a way to pay, by the provider's token for it; never a card's number. The first is the default.",
    Access.PEOPLE,
    takes=columns(PaymentMethod, *FREE, required=("type", "provider_token")),
    gives=WRITTEN,
    recorded=True,
)
async def add_payment_method(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The caller's."""
    made = await payment_methods.add(writing.session, writing.viewer_id, values, writing.terms)
    return {"payment_method": made}


@mutation(
    "Remove a way to pay; invoices keep referring to it. Where it was the default, the newest becomes it.",
    Access.PEOPLE,
    takes=ID,
    gives=WRITTEN,
    recorded=True,
)
async def remove_payment_method(writing: Writing, values: Values) -> Mapping[str, Any]:
    """For good: it is added anew to be used again."""
    id = values.take("id")
    return {
        "payment_method": await payment_methods.remove(writing.session, writing.viewer, id, writing.terms)
    }


@mutation(
    "Make a way to pay the default, in place of the one before.",
    Access.PEOPLE,
    takes=ID,
    gives=WRITTEN,
    recorded=True,
)
async def set_default_payment_method(writing: Writing, values: Values) -> Mapping[str, Any]:
    """The default stays what it is."""
    id = values.take("id")
    return {"payment_method": await payment_methods.set_default(writing.session, writing.viewer, id)}

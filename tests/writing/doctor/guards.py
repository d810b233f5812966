"""Rows that break the invariants of guards and references."""

from uuid_utils.compat import uuid7

from tests.rows import execute, insert
from tests.writing.doctor.breaches import Offenders, breach, post, user

DROPPED = [
    ("Comment", "fk_Comment_userId_personaId"),
    ("Invoice", "ck_Invoice_paid_has_date"),
    ("InvoiceItem", "ck_InvoiceItem_amount_is_product"),
    ("PaymentMethod", "ck_PaymentMethod_removed_is_not_default"),
    ("Post", "ck_Post_one_opinion"),
    ("Post", "ck_Post_one_persona"),
    ("Post", "ck_Post_posted_is_whole"),
    ("Post", "ck_Post_scheduled_is_ready"),
    ("Post", "fk_Post_userId_personaId"),
    ("Subscription", "ck_Subscription_canceled_has_end"),
    ("Subscription", "ck_Subscription_trial_has_end"),
]
UNINDEXED = [("Invoice", "uq_Invoice_open_plan"), ("PaymentMethod", "uq_PaymentMethod_default")]
SWITCHED_OFF = [("InvoiceItem", "zorbit_check_invoice_sum"), ("Thread", "zorbit_stamp_deletion")]


@breach
def guards_stand(url: str) -> Offenders:
    for table, name in DROPPED:
        execute(url, f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for _, name in UNINDEXED:
        execute(url, f'DROP INDEX "{name}"')
    for table, name in SWITCHED_OFF:
        execute(url, f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"')
    return [(table, None) for table, _ in DROPPED + UNINDEXED + SWITCHED_OFF]


@breach
def references_kept(url: str) -> Offenders:
    others = insert(url, "Persona", userId=user(url))
    comment = insert(url, "Comment", userId=user(url), personaId=uuid7())
    return [("Comment", comment), ("Post", post(url, personaId=others))]

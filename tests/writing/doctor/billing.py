"""Rows that break the invariants of billing."""

from typing import Any
from uuid import UUID

from tests.rows import NOW, insert
from tests.writing.doctor.breaches import Offenders, breach, user


def invoice(url: str, **values: Any) -> UUID:
    return insert(url, "Invoice", **{"userId": user(url)} | values)


def subscription(url: str, **values: Any) -> UUID:
    return insert(url, "Subscription", **{"userId": user(url), "planId": insert(url, "Plan")} | values)


@breach
def invoices_add_up(url: str) -> Offenders:
    whole, wrong = invoice(url), invoice(url, amount="30.00")
    for id in (whole, wrong):
        insert(url, "InvoiceItem", invoiceId=id)
    invoice(url, amount="31.00")
    return [("Invoice", wrong)]


@breach
def items_multiply(url: str) -> Offenders:
    return [("InvoiceItem", insert(url, "InvoiceItem", invoiceId=invoice(url), quantity=2))]


@breach
def paid_invoices_dated(url: str) -> Offenders:
    invoice(url, status="paid", paidDate=NOW)
    return [("Invoice", invoice(url, status="paid"))]


@breach
def one_open_offer(url: str) -> Offenders:
    offer = {"userId": user(url), "planId": insert(url, "Plan")}
    for status in ("paid", "open", "void"):
        invoice(url, status=status, paidDate=NOW, **offer)
    invoice(url, userId=offer["userId"])
    return [("Invoice", invoice(url, **offer))]


@breach
def one_default_method(url: str) -> Offenders:
    none, two, removed, gone, one = (user(url) for _ in range(5))
    for owner, values in (
        (none, {}),
        (two, {"isDefault": True}),
        (two, {"isDefault": True}),
        (removed, {"isDefault": True, "removedAt": NOW}),
        (gone, {"removedAt": NOW}),
        (one, {"isDefault": True}),
        (one, {}),
        (one, {"removedAt": NOW}),
    ):
        insert(url, "PaymentMethod", userId=owner, **values)
    return [("User", none), ("User", two), ("User", removed)]


@breach
def trials_end(url: str) -> Offenders:
    subscription(url, status="trialing", trialEndsAt=NOW)
    return [("Subscription", subscription(url, status="trialing"))]


@breach
def cancellations_end(url: str) -> Offenders:
    subscription(url, status="canceled", endDate=NOW)
    return [("Subscription", subscription(url, status="canceled"))]


@breach
def periods_forward(url: str) -> Offenders:
    return [("Subscription", subscription(url, startDate=NOW, renewalDate=NOW))]


@breach
def deleted_users_canceled(url: str) -> Offenders:
    subscription(url, userId=user(url, isDeleted=True), status="canceled", endDate=NOW)
    return [("Subscription", subscription(url, userId=user(url, isDeleted=True)))]

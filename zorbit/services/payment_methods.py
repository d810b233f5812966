"""Payment methods: a provider's token each, never a number; exactly one default whenever there are any."""

import re
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from zorbit.checks import fault
from zorbit.errors import Conflict, Refused
from zorbit.models import PaymentMethod
from zorbit.services import locks
from zorbit.services.rows import add_row, change
from zorbit.services.terms import Terms
from zorbit.services.values import Values, demand, path_of
from zorbit.visibility import Viewer, owner_of, visible

LAST_FOUR = re.compile(r"[0-9]{4}")
# A card's number has 12 to 19 digits, in whatever groups people write them.
CARD_NUMBER = re.compile(r"\d(?:[\s\u2010-\u2015-]*\d){11}")
TEXTS = ("type", "provider_token", "card_brand")
RANGES = {"expiry_month": (1, 12), "expiry_year": (2000, 2200)}


async def add(session: AsyncSession, user_id: UUID, values: Values, terms: Terms) -> PaymentMethod:
    """A new method of the user's; the default if it is the first, or is meant to be."""
    demand(*values.faults, *_faults(values, terms))
    await locks.hold_user(session, user_id, alone=True)
    present = await _default(session, user_id)
    is_default = present is None or values.get("is_default", False)
    if present is not None and is_default:
        await change(session, present, {"is_default": False})
    return await add_row(session, PaymentMethod(**values | {"is_default": is_default}, user_id=user_id))


async def remove(session: AsyncSession, viewer: Viewer, id: UUID, terms: Terms) -> PaymentMethod:
    """The method, removed; if it was the default, the newest of the others becomes it."""
    method = await _hold(session, viewer, id)
    await change(session, method, {"removed_at": terms.now, "is_default": False})
    if await _default(session, method.user_id) is None:
        await _promote_newest(session, method.user_id)
    return method


async def set_default(session: AsyncSession, viewer: Viewer, id: UUID) -> PaymentMethod:
    """The method, the default in place of the one before."""
    method = await _hold(session, viewer, id)
    present = await _default(session, method.user_id)
    if present is not None and present.id != method.id:
        # Written first: the unique index never sees two.
        await change(session, present, {"is_default": False})
    return await change(session, method, {"is_default": True})


async def _hold(session: AsyncSession, viewer: Viewer, id: UUID) -> PaymentMethod:
    method = await locks.hold_row(session, viewer, PaymentMethod, id, field="input.id", alone=True)
    if method.removed_at is not None:
        raise Conflict("it was removed", field="input.id", current=(PaymentMethod, method.id))
    return method


async def _default(session: AsyncSession, user_id: UUID) -> PaymentMethod | None:
    methods = visible(PaymentMethod, owner_of(user_id))
    return await session.scalar(methods.where(col(PaymentMethod.is_default)))


async def _promote_newest(session: AsyncSession, user_id: UUID) -> None:
    methods = visible(PaymentMethod, owner_of(user_id)).where(col(PaymentMethod.removed_at).is_(None))
    newest_first = methods.order_by(col(PaymentMethod.created_at).desc(), col(PaymentMethod.id).desc())
    newest = await session.scalar(newest_first.limit(1))
    if newest is not None:
        await change(session, newest, {"is_default": True})


def _faults(values: Values, terms: Terms) -> list[Refused]:
    given = {name: value for name, value in values.items() if value is not None}
    faults: list[Refused] = []
    for name in TEXTS:
        if name in given and not given[name].strip():
            faults.append(fault(path_of(name), "must not be empty"))
        if CARD_NUMBER.search(given.get(name, "")):
            faults.append(
                fault(path_of(name), "must not hold what may be a card's number: 12 digits or more")
            )
    if not LAST_FOUR.fullmatch(given.get("last_four", "0000")):
        faults.append(fault(path_of("last_four"), "must be four digits"))
    for name, (least, most) in RANGES.items():
        if not least <= given.get(name, least) <= most:
            faults.append(fault(path_of(name), f"must be {least} to {most}"))
    return faults or _expiry_faults(given.get("expiry_month"), given.get("expiry_year"), terms)


def _expiry_faults(month: int | None, year: int | None, terms: Terms) -> list[Refused]:
    if (month is None) != (year is None):
        missing = "expiry_month" if month is None else "expiry_year"
        return [fault(path_of(missing), "is needed: a card expires in a month of a year")]
    # A card holds until its month is over.
    if month is not None and year is not None and (year, month) < (terms.now.year, terms.now.month):
        return [fault(path_of("expiry_year"), "must not be past: the card has expired")]
    return []

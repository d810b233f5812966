"""Accounts that spend their quotas and give back, each time in a transaction of its own."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from tests.rows import fetch, insert
from zorbit.db import Database
from zorbit.errors import Refused
from zorbit.models import QuotaType
from zorbit.services import locks, spending
from zorbit.services.terms import Terms

T = TypeVar("T")

INSTANT, DAY = timedelta(microseconds=1), timedelta(days=1)
GRACE = timedelta(days=7)
# The anchor is a 31st: its cycles begin on the last of each month.
ANCHOR = datetime(2026, 1, 31, 9, tzinfo=UTC)
START, END = datetime(2026, 3, 31, 9, tzinfo=UTC), datetime(2026, 4, 30, 9, tzinfo=UTC)
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
TERMS = Terms(NOW, GRACE, timedelta(hours=24), timedelta(days=14))
POSTS, PERSONAS = QuotaType.POST_GENERATION, QuotaType.PERSONA


@dataclass(frozen=True)
class Account:
    """A user, and what they do to their quotas."""

    pool: Database
    url: str
    user: UUID

    async def spend(
        self,
        *subjects: UUID,
        now: datetime = NOW,
        type: QuotaType = POSTS,
        description: str | None = None,
    ) -> Refused | None:
        """Spend on each of `subjects`, in one transaction; what is said against it."""
        try:
            async with self.pool.write() as session:
                await locks.hold_user(session, self.user, alone=type is PERSONAS)
                terms = replace(TERMS, now=now)
                await spending.spend(session, self.user, type, subjects, terms, description=description)
        except Refused as refused:
            return refused
        return None

    async def refund(self, *subjects: UUID, now: datetime = NOW, type: QuotaType = POSTS) -> int:
        """Give back what was spent on each of `subjects`; for how many of them."""
        async with self.pool.write() as session:
            await locks.hold_user(session, self.user, alone=True)
            return await spending.refund(session, self.user, type, subjects, replace(TERMS, now=now))

    def quotas(self) -> list[tuple[str, int, int, datetime, datetime]]:
        """The rows: type, used, limit and bounds."""
        columns = 'type, used, "limit", "billingCycleStart", "billingCycleEnd"'
        return fetch(self.url, f'SELECT {columns} FROM "UsageQuota" ORDER BY type, "billingCycleStart"')

    def used(self) -> list[int]:
        """What is used in each cycle: the column and the sum of the entries are the same."""
        logged = """(SELECT coalesce(sum(amount), 0) FROM "UsageLog" WHERE "quotaId" = q.id)"""
        found = fetch(self.url, f'SELECT used, {logged} FROM "UsageQuota" q ORDER BY "billingCycleStart"')
        assert [used for used, _ in found] == [logged for _, logged in found]
        return [used for used, _ in found]

    def entries(self) -> list[tuple[Any, ...]]:
        """The log: amount, subject and description."""
        return fetch(self.url, 'SELECT amount, "subjectId", description FROM "UsageLog" ORDER BY id')


def account(
    pool: Database,
    url: str,
    *,
    subscription: Mapping[str, Any] | None = None,
    plan: Mapping[str, int] | None = None,
) -> Account:
    """A user with a subscription that holds, or with another, or with none for an empty one."""
    user = insert(url, "User")
    paid = {"status": "active", "startDate": ANCHOR, "renewalDate": END}
    if subscription is None or subscription:
        values = {**paid, **(subscription or {})}
        insert(url, "Subscription", userId=user, planId=insert(url, "Plan", **plan or {}), **values)
    return Account(pool, url, user)


def subjects(count: int) -> list[UUID]:
    return [uuid7() for _ in range(count)]


async def at_once(acts: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What they give; where one fails the others are ended, so that none holds a lock into the next test."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(act) for act in acts]
    return [task.result() for task in tasks]


async def together(acts: Iterable[Coroutine[Any, Any, Refused | None]]) -> Counter[str]:
    """How many of them were done, and how many refused for what."""
    return Counter(str(refusal.code) if refusal else "done" for refusal in await at_once(acts))

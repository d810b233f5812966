"""What was used on which days."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.rows import insert
from tests.schema.usage import DAY, END, HISTORY, START, log, quota, usage
from tests.writing.changes import change


async def history(client: Client, user: UUID, type: str = "POST_GENERATION", **days: str | None) -> Any:
    """What the field gives; `days` are its arguments."""
    ask = f"""query($type: QuotaType!, $since: Date, $until: Date) {{
        viewer {{ usage(type: $type) {{ history(since: $since, until: $until) {{ {HISTORY} }} }} }}
    }}"""
    answer = await client.run(ask, {"type": type} | days, by=user)
    return answer["errors"] if "errors" in answer else answer["data"]["viewer"]["usage"]["history"]


def days(found: list[dict[str, Any]]) -> list[str]:
    return [entry["day"] for entry in found]


def today() -> date:
    return datetime.now(UTC).date()


async def test_each_day_tells_what_was_spent_and_given_back(client: Client, database_url: str) -> None:
    user, other = insert(database_url, "User"), insert(database_url, "User")
    own = quota(database_url, user)
    last = datetime(2026, 3, 2, 23, 59, 59, 999_999, UTC)
    log(database_url, own, (START, 1), (START + DAY, 2), (last, 3), (last, -1), (last + 9 * DAY, -1))
    log(database_url, quota(database_url, other), (START, 5))
    log(database_url, quota(database_url, user, type="persona"), (START, 5))

    found = await history(client, user, since="2026-03-01", until="2026-03-31")

    assert found == [
        {"day": "2026-03-01", "spent": 1, "refunded": 0, "net": 1},
        {"day": "2026-03-02", "spent": 5, "refunded": 1, "net": 4},
        {"day": "2026-03-11", "spent": 0, "refunded": 1, "net": -1},
    ]


async def test_a_day_beyond_what_an_int_holds_is_shown_as_the_most_that_it_does(
    client: Client, database_url: str
) -> None:
    user, most = insert(database_url, "User"), 2**31 - 1
    given_back = [(START, -most)] * 3
    log(database_url, quota(database_url, user), (START, most), (START, most), *given_back)

    days = f'history(since: "2026-03-01", until: "2026-03-01") {{ {HISTORY} }}'
    found = (await usage(client, user, days))["history"]

    assert found == [{"day": "2026-03-01", "spent": most, "refunded": most, "net": -most}]


async def test_both_ends_belong_to_it(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    entries = [(START + hours * timedelta(hours=1), 1) for hours in (23, 24, 47, 48, 71, 72)]
    log(database_url, quota(database_url, user), *entries)

    assert days(await history(client, user, since="2026-03-02", until="2026-03-03")) == [
        "2026-03-02",
        "2026-03-03",
    ]
    assert days(await history(client, user, since="2026-03-02", until="2026-03-02")) == ["2026-03-02"]


async def test_it_goes_on_over_the_ends_of_cycles(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    log(database_url, quota(database_url, user), (END - DAY, 1))
    log(database_url, quota(database_url, user, END, END + 30 * DAY), (END, 2))

    found = await history(client, user, since="2026-03-31", until="2026-04-01")

    assert [(entry["day"], entry["net"]) for entry in found] == [("2026-03-31", 1), ("2026-04-01", 2)]


async def test_unless_told_otherwise_it_is_the_current_cycle(client: Client, database_url: str) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    own = quota(database_url, user, now - 40 * DAY, now + 20 * DAY)
    log(database_url, own, (now - 41 * DAY, 1), (now - 40 * DAY, 1), (now, 1))

    expected = [str(today() - 40 * DAY), str(today())]
    assert days(await history(client, user)) == expected
    assert days(await history(client, user, since=None, until=None)) == expected


async def test_without_a_cycle_it_is_the_latest_thirty_days(client: Client, database_url: str) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    past = quota(database_url, user, now - 40 * DAY, now - 10 * DAY)
    log(database_url, past, (now - 30 * DAY, 1), (now - 29 * DAY, 1), (now - 20 * DAY, 1))

    assert days(await history(client, user)) == [str(today() - 29 * DAY), str(today() - 20 * DAY)]


async def test_with_one_end_the_other_follows(client: Client, database_url: str) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    own = quota(database_url, user, now - 90 * DAY, now + DAY)
    log(database_url, own, *((now - number * DAY, 1) for number in range(80)))

    since = await history(client, user, since=str(today() - 2 * DAY))
    until = await history(client, user, until=str(today() - 2 * DAY))

    assert days(since) == [str(today() - number * DAY) for number in (2, 1, 0)]
    assert days(until) == [str(today() - number * DAY) for number in range(31, 1, -1)]


async def test_a_cycle_longer_than_may_be_told_is_cut(client: Client, database_url: str) -> None:
    user, now = insert(database_url, "User"), datetime.now(UTC)
    own = quota(database_url, user, now - 500 * DAY, now + DAY)
    log(database_url, own, (now - 366 * DAY, 1), (now - 365 * DAY, 1))

    assert days(await history(client, user)) == [str(today() - 365 * DAY)]


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2026-03-02", "2026-03-01", "`since` must not be after `until`, which is 2026-03-01"),
        ("2099-01-01", None, "`since` must not be after `until`, which is {today}"),
        ("2024-01-01", "2025-01-01", "`since` to `until` are at most 366 days, not 367"),
        ("0001-01-01", "9999-12-31", "`since` to `until` are at most 366 days, not 3652059"),
    ],
)
async def test_days_the_wrong_way_round_and_too_many_are_refused(
    client: Client, database_url: str, since: str, until: str | None, message: str
) -> None:
    (error,) = await history(client, insert(database_url, "User"), since=since, until=until)

    assert error["message"] == message.format(today=today())
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "since"}


@pytest.mark.parametrize(
    "span",
    [
        {"since": "2024-01-01", "until": "2024-12-31"},
        {"since": "0001-01-01", "until": "0001-01-01"},
        {"since": "9999-12-31", "until": "9999-12-31"},
        {"until": "0001-01-01"},
        {"until": "9999-12-31"},
    ],
)
async def test_a_leap_year_and_the_ends_of_time_are_allowed(
    client: Client, database_url: str, span: dict[str, str]
) -> None:
    assert await history(client, insert(database_url, "User"), **span) == []


@pytest.mark.parametrize("value", ["2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00:00Z", "", 5, True])
async def test_what_is_no_day_is_refused(client: Client, database_url: str, value: Any) -> None:
    (error,) = await history(client, insert(database_url, "User"), since=value)

    assert "a Date is written like 2026-01-31" in error["message"]


async def test_the_days_of_a_cycle_come_to_what_is_used(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Subscription", userId=user, planId=insert(database_url, "Plan"))
    posts = [insert(database_url, "Post", userId=user) for _ in range(3)]
    for post in posts:
        await change(
            client, "schedulePost", "post { id }", by=user, id=post, scheduledOn="2099-01-31T09:00:00Z"
        )
    await change(client, "unschedulePost", "post { id }", by=user, id=posts[0])

    asked = f"{{ viewer {{ usage(type: POST_SCHEDULING) {{ state {{ used }} history {{ {HISTORY} }} }} }} }}"
    found = (await client.data(asked, by=user))["viewer"]["usage"]

    assert found["state"] == {"used": 2}
    assert [{**entry, "day": ""} for entry in found["history"]] == [
        {"day": "", "spent": 3, "refunded": 1, "net": 2}
    ]

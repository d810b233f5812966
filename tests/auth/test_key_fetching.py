"""Key sets at an address: how they are fetched, kept and renewed, and what happens while they cannot be."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from time import perf_counter

import pytest
from structlog.testing import capture_logs

from tests.auth import ED25519_NEXT, Clock, KeyServer, jwk, key_server
from tests.auth.verifying import names
from zorbit.auth.jwks import JwksAddress
from zorbit.auth.keys import KeySet
from zorbit.errors import Unavailable

DAY = 24 * 3600


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
async def address(issuer: KeyServer, clock: Clock) -> AsyncIterator[JwksAddress]:
    address = JwksAddress(issuer.url, clock=clock)
    yield address
    await address.aclose()


async def settled(address: JwksAddress) -> None:
    await address._settled()


# Fetching


async def test_fifty_concurrent_requests_share_one_fetch(address: JwksAddress, issuer: KeyServer) -> None:
    found = await asyncio.gather(*(address.current() for _ in range(50)))

    assert [names(keys) for keys in found] == [["first"]] * 50
    assert issuer.requests == 1


async def test_known_keys_are_used_for_five_minutes_without_asking(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()

    clock.now = 300
    await address.current()
    await settled(address)

    assert issuer.requests == 1


async def test_keys_older_than_five_minutes_are_refreshed_while_they_are_used(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()
    issuer.publish(jwk(ED25519_NEXT, kid="second"))

    clock.now = 301
    during = await asyncio.gather(*(address.current() for _ in range(50)))
    await settled(address)
    after = await address.current()

    assert [names(keys) for keys in during] == [["first"]] * 50
    assert names(after) == ["second"]
    assert issuer.requests == 2


async def test_keys_older_than_ten_minutes_are_refreshed_before_they_are_used(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()
    issuer.publish(jwk(ED25519_NEXT, kid="second"))

    clock.now = 601

    assert names(await address.current()) == ["second"]
    assert issuer.requests == 2


async def test_an_unknown_key_is_looked_up_at_once_but_once_in_ten_seconds(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()
    issuer.publish(jwk(ED25519_NEXT, kid="second"))

    clock.now = 9.9
    assert names(await address.renewed()) == ["first"]
    assert issuer.requests == 1

    clock.now = 10
    found = await asyncio.gather(*(address.renewed() for _ in range(50)))
    assert [names(keys) for keys in found] == [["second"]] * 50
    assert issuer.requests == 2

    clock.now = 19.9
    await address.renewed()
    assert issuer.requests == 2


async def test_a_cancelled_request_leaves_the_fetch_to_the_others(
    address: JwksAddress, issuer: KeyServer
) -> None:
    impatient = asyncio.create_task(address.current())
    patient = asyncio.create_task(address.current())
    await asyncio.sleep(0)
    impatient.cancel()

    assert names(await patient) == ["first"]
    assert impatient.cancelled()
    assert issuer.requests == 1


# Trouble


async def test_keys_that_were_never_fetched_are_unavailable_and_the_issuer_is_given_time(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    issuer.status = "503 Service Unavailable"

    for _ in range(10):
        with pytest.raises(Unavailable, match=r"^The keys of the token issuer cannot be fetched\. Try again"):
            await address.current()
    assert issuer.requests == 1

    issuer.status = "200 OK"
    clock.now = 2
    assert names(await address.current()) == ["first"]
    assert issuer.requests == 2


async def test_the_issuer_is_asked_ever_less_often_while_it_fails(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    issuer.status = "500 Internal Server Error"

    with capture_logs() as logs:
        for second in range(600):
            clock.now = second
            with pytest.raises(Unavailable):
                await address.current()

    assert [line["retry_seconds"] for line in logs] == [2, 4, 8, 16, 32] + [60] * 9
    assert logs[0] == {
        "event": "keys not fetched",
        "host": "127.0.0.1",
        "log_level": "warning",
        "reason": "status 500",
        "retry_seconds": 2,
    }
    assert issuer.requests == 14


async def test_an_outage_is_survived_for_a_day_without_making_anybody_wait(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()
    issuer.status = "502 Bad Gateway"
    clock.now = 301
    await address.current()
    await settled(address)
    address.TIMEOUT = 0.5
    issuer.hanging = True

    started = perf_counter()
    for moment in (700, 3600, DAY):
        clock.now = moment
        assert names(await address.current()) == ["first"]
    assert perf_counter() - started < 0.5

    clock.now = DAY + 1
    with pytest.raises(Unavailable):
        await address.current()
    assert issuer.requests == 3


async def test_the_end_of_an_outage_is_noticed(address: JwksAddress, issuer: KeyServer, clock: Clock) -> None:
    await address.current()
    issuer.status = "502 Bad Gateway"
    clock.now = 601
    assert names(await address.current()) == ["first"]
    issuer.status = "200 OK"
    issuer.publish(jwk(ED25519_NEXT, kid="second"))

    clock.now = 603
    with capture_logs() as logs:
        await address.current()
        await settled(address)

    assert names(await address.current()) == ["second"]
    assert logs == [{"event": "keys fetched", "host": "127.0.0.1", "log_level": "info", "usable": 1}]


async def test_unknown_keys_do_not_hurry_an_issuer_that_fails(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()
    issuer.status = "502 Bad Gateway"

    with capture_logs() as logs:
        for second in range(100, 239):
            clock.now = second
            await address.renewed()

    # At most every ten seconds, and then as the failures ask for: at 100, 110, 120, 130, 146, 178 and 238.
    assert [line["retry_seconds"] for line in logs] == [2, 4, 8, 16, 32, 60, 60]
    assert issuer.requests == 8


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (("404 Not Found", (), b'{"keys": []}'), "status 404"),
        (("204 No Content", (), b""), "status 204"),
        (("302 Found", ("location: http://127.0.0.1:1/",), b""), "status 302"),
        (("200 OK", (), b" " * 300_000), "more than 262144 bytes"),
        (("200 OK", ("content-length: 9000000",), b" " * 300_000), "more than 262144 bytes"),
        (("200 OK", (), b"<html>"), "line 1 column 1"),
        (("200 OK", (), b"[" * 200_000), "line 1 column"),
        (("200 OK", (), b"[]"), "not a key set"),
        (("200 OK", (), b'{"keys": 1}'), "not a key set"),
        (("200 OK", ("content-encoding: gzip",), gzip.compress(b" " * 9_000_000)), "line 1 column 1"),
        (("200 OK", ("content-length: 90",), b"{"), "peer closed connection"),
        (("not HTTP", (), b""), "illegal"),
    ],
)
async def test_a_bad_answer_is_no_key_set_and_the_known_keys_stay(
    address: JwksAddress,
    issuer: KeyServer,
    clock: Clock,
    answer: tuple[str, tuple[str, ...], bytes],
    reason: str,
) -> None:
    await address.current()
    issuer.status, issuer.headers, issuer.body = answer

    clock.now = 601
    with capture_logs() as logs:
        keys = await address.current()

    assert names(keys) == ["first"]
    assert [line["event"] for line in logs] == ["keys not fetched"]
    assert reason in logs[0]["reason"]
    assert issuer.requests == 2


@pytest.mark.parametrize("trouble", ["hanging", "dripping"])
async def test_a_fetch_that_does_not_end_is_given_up(
    address: JwksAddress, issuer: KeyServer, trouble: str
) -> None:
    address.TIMEOUT = 0.1
    setattr(issuer, trouble, True)

    with capture_logs() as logs, pytest.raises(Unavailable):
        await address.current()

    assert [line["reason"] for line in logs] == ["TimeoutError"]


async def test_a_refused_connection_is_an_outage(clock: Clock) -> None:
    async with key_server() as server:
        url = server.url
    address = JwksAddress(url, clock=clock)

    with capture_logs() as logs, pytest.raises(Unavailable):
        await address.current()

    assert [line["reason"] for line in logs] == ["All connection attempts failed"]
    await address.aclose()


async def test_an_issuer_that_withdraws_every_key_is_obeyed(
    address: JwksAddress, issuer: KeyServer, clock: Clock
) -> None:
    await address.current()
    issuer.body = json.dumps({"keys": []}).encode()

    clock.now = 601

    assert await address.current() == KeySet()


async def test_closing_gives_up_a_running_fetch(issuer: KeyServer, clock: Clock) -> None:
    address = JwksAddress(issuer.url, clock=clock)
    issuer.hanging = True
    waiting = asyncio.create_task(address.current())
    await asyncio.sleep(0.05)

    await address.aclose()

    with pytest.raises(Unavailable):
        await waiting

"""Key sets: which keys are taken up, and how a set at an address is fetched, kept and renewed."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from time import perf_counter

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from structlog.testing import capture_logs

from tests.auth import ED25519, ED25519_NEXT, P256, RSA, Clock, KeyServer, jwk, key_server
from zorbit.auth.keys import JwksAddress, KeySet, entries, key_set
from zorbit.errors import OperatorError, Unavailable

DAY = 24 * 3600


@pytest.fixture
async def issuer() -> AsyncIterator[KeyServer]:
    async with key_server(jwk(ED25519, kid="first")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
async def address(issuer: KeyServer, clock: Clock) -> AsyncIterator[JwksAddress]:
    address = JwksAddress(issuer.url, clock=clock)
    yield address
    await address.aclose()


def names(keys: KeySet) -> list[str | None]:
    return [key.id for key in keys.keys]


async def settled(address: JwksAddress) -> None:
    await address._settled()


# Which keys are taken up


def test_a_key_set_takes_up_three_kinds_of_keys_each_with_its_algorithm() -> None:
    keys = key_set([jwk(ED25519, kid="ed"), jwk(P256, kid="ec", use="sig"), jwk(RSA, alg="RS256")])

    assert [(key.id, key.algorithm) for key in keys.keys] == [
        ("ed", "EdDSA"),
        ("ec", "ES256"),
        (None, "RS256"),
    ]
    assert [key.public for key in keys.keys] == [key.public_key() for key in (ED25519, P256, RSA)]


@pytest.mark.parametrize(
    "unusable",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"},
        jwk(ED25519, use="enc"),
        jwk(ED25519, key_ops=["sign"]),
        jwk(ED25519, key_ops=7),
        jwk(ED25519, d="c2VjcmV0"),
        jwk(ED25519, kid=7),
        jwk(ED25519, alg="HS256"),
        jwk(ED25519, crv="X25519"),
        jwk(ED25519, crv="Ed448"),
        jwk(ED25519, x="AAAA"),
        jwk(ED25519, x="é"),
        jwk(ED25519, x="A"),
        jwk(ED25519, x=None),
        jwk(ec.generate_private_key(ec.SECP384R1())),
        jwk(ec.generate_private_key(ec.SECP256K1())),
        jwk(P256, y=jwk(P256)["x"]),
        jwk(P256, alg="EdDSA"),
        jwk(rsa.generate_private_key(65537, 1024)),
        jwk(RSA, alg="PS256"),
        jwk(RSA, e="AA"),
        jwk(RSA, n=7),
        {"kty": "RSA"},
        {},
    ],
)
def test_a_key_that_cannot_be_used_is_left_out(unusable: dict[str, object]) -> None:
    keys = key_set([unusable, jwk(P256, kid="sound")])

    assert names(keys) == ["sound"]


def test_a_key_listed_twice_counts_once() -> None:
    keys = key_set([jwk(ED25519, kid="a"), jwk(ED25519, kid="a", use="sig")])

    assert names(keys) == ["a"]


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"[" * 100_000])
def test_only_an_object_with_a_list_of_keys_is_a_key_set(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"line 1 column|not a key set"):
        entries(content)


def test_members_that_are_no_keys_are_passed_over() -> None:
    assert entries(b'{"keys": [null, 7, "a", [], {"kty": "oct"}]}') == [{"kty": "oct"}]


def test_a_named_key_is_found_by_its_name_and_its_algorithm() -> None:
    keys = key_set([jwk(ED25519, kid="a"), jwk(P256, kid="b"), jwk(ED25519_NEXT, kid="c")])

    assert keys.find("EdDSA", "a") == keys.keys[0]
    assert keys.find("ES256", "b") == keys.keys[1]
    assert keys.find("EdDSA", "b") is None
    assert keys.find("EdDSA", "d") is None
    assert keys.find("RS256", "a") is None


def test_without_a_name_a_token_means_the_only_key_of_its_algorithm() -> None:
    keys = key_set([jwk(ED25519, kid="a"), jwk(P256, kid="b"), jwk(ED25519_NEXT, kid="c")])

    assert keys.find("ES256", None) == keys.keys[1]
    assert keys.find("EdDSA", None) is None


def test_two_keys_of_one_name_and_algorithm_are_a_choice_that_nobody_makes() -> None:
    keys = key_set([jwk(ED25519, kid="a"), jwk(ED25519_NEXT, kid="a")])

    assert keys.find("EdDSA", "a") is None


def test_a_key_without_a_name_answers_to_names_that_no_other_key_bears() -> None:
    keys = key_set([jwk(ED25519), jwk(ED25519_NEXT, kid="b")])

    assert keys.find("EdDSA", "any") == keys.keys[0]
    assert keys.find("EdDSA", "b") == keys.keys[1]


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


def test_an_address_that_cannot_be_one_is_refused_at_start() -> None:
    with pytest.raises(OperatorError, match=r"^ZORBIT_JWKS_URL: not an address: "):
        JwksAddress("https://id.example.test:port/")

"""A verifier over time: tokens that it remembers, keys that change, and the settings it is made of."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.auth import (
    AUDIENCE,
    ED25519,
    ED25519_NEXT,
    ISSUER,
    NOW,
    Clock,
    KeyServer,
    assembled,
    claims,
    jwk,
    public_pem,
    token,
)
from tests.auth.verifying import (
    BAD_SIGNATURE,
    EXPIRED,
    NOT_YET,
    OTHER_ISSUER,
    SOUND,
    UNKNOWN_KEY,
    fixed_verifier,
    refusal,
)
from zorbit.auth import tokens
from zorbit.auth.jwks import JwksAddress
from zorbit.auth.local import LocalIssuer
from zorbit.auth.tokens import Verifier
from zorbit.config import Settings
from zorbit.errors import OperatorError, Unavailable

# Remembered tokens


async def test_the_times_of_a_remembered_token_are_checked_again() -> None:
    clock = Clock()
    verifier = fixed_verifier(clock)
    credential = token(claims(nbf=NOW))

    assert await verifier.verify(credential) == await verifier.verify(credential) == SOUND
    clock.now = NOW - 31
    assert await refusal(credential, verifier) == NOT_YET
    clock.now = NOW
    assert await verifier.verify(credential) == SOUND
    clock.now = NOW + 630
    assert await refusal(credential, verifier) == EXPIRED
    assert not verifier._verified


async def test_a_remembered_token_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = fixed_verifier()
    credential = token()
    await verifier.verify(credential)
    decoded: list[object] = []
    monkeypatch.setattr(jwt, "decode", lambda *given, **_: decoded.append(given))

    assert await verifier.verify(credential) == SOUND
    assert decoded == []


async def test_the_tokens_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 2)
    verifier = fixed_verifier()
    first, second, third = (token(claims(sub=subject)) for subject in ("1", "2", "3"))

    for credential in (first, second, first, third):
        await verifier.verify(credential)

    assert [verified.claims.subject for verified in verifier._verified.values()] == ["1", "3"]


async def test_a_refused_token_is_not_remembered() -> None:
    verifier = fixed_verifier()

    for credential in (token(key=ED25519_NEXT, kid="ed"), token(claims(iss="other")), token(claims(exp=1))):
        await refusal(credential, verifier)

    assert not verifier._verified


# Keys that change


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def verifier(issuer: KeyServer, clock: Clock) -> AsyncIterator[Verifier]:
    verifier = Verifier(JwksAddress(issuer.url, clock=clock), ISSUER, AUDIENCE, 30, clock)
    yield verifier
    await verifier.aclose()


async def test_fifty_concurrent_verifications_cost_one_fetch(verifier: Verifier, issuer: KeyServer) -> None:
    credentials = [token(claims(sub=f"user-{number}"), kid="first") for number in range(50)]

    found = await asyncio.gather(*map(verifier.verify, credentials))

    assert [each.subject for each in found] == [f"user-{number}" for number in range(50)]
    assert issuer.requests == 1


async def test_a_token_of_a_new_key_passes_as_soon_as_the_issuer_shows_the_key(
    verifier: Verifier, issuer: KeyServer, clock: Clock
) -> None:
    await verifier.verify(token(kid="first"))
    issuer.publish(jwk(ED25519, kid="first"), jwk(ED25519_NEXT, kid="second"))

    clock.now += 10

    assert await verifier.verify(token(key=ED25519_NEXT, kid="second")) == SOUND
    assert issuer.requests == 2


async def test_a_remembered_token_ends_when_its_key_is_withdrawn(
    verifier: Verifier, issuer: KeyServer, clock: Clock
) -> None:
    credential = token(claims(exp=NOW + 7200), kid="first")
    await verifier.verify(credential)
    issuer.publish(jwk(ED25519_NEXT, kid="second"))

    clock.now += 601

    assert await refusal(credential, verifier) == UNKNOWN_KEY
    assert not verifier._verified


async def test_a_remembered_token_ends_when_its_name_passes_to_another_key(
    verifier: Verifier, issuer: KeyServer, clock: Clock
) -> None:
    credential = token(claims(exp=NOW + 7200), kid="first")
    await verifier.verify(credential)
    issuer.publish(jwk(ED25519_NEXT, kid="first"))

    clock.now += 601

    assert await refusal(credential, verifier) == BAD_SIGNATURE


async def test_a_flood_of_unknown_keys_does_not_reach_the_issuer(
    verifier: Verifier, issuer: KeyServer, clock: Clock
) -> None:
    await verifier.verify(token(kid="first"))
    clock.now += 10

    for wave in range(10):
        flood = (refusal(token(kid=f"{wave}-{number}"), verifier) for number in range(100))
        assert set(await asyncio.gather(*flood)) == {UNKNOWN_KEY}
        clock.now += 1

    assert issuer.requests == 2
    assert await verifier.verify(token(kid="first")) == SOUND


async def test_malformed_tokens_do_not_reach_the_issuer(verifier: Verifier, issuer: KeyServer) -> None:
    for credential in (
        "garbage",
        assembled({"alg": "none"}, claims()),
        assembled({"alg": "HS256"}, claims()),
    ):
        await refusal(credential, verifier)

    assert issuer.requests == 0


async def test_an_outage_is_survived(verifier: Verifier, issuer: KeyServer, clock: Clock) -> None:
    old, new = (token(claims(exp=NOW + 9e4, sub=subject), kid="first") for subject in ("old", "new"))
    await verifier.verify(old)
    issuer.status = "500 Internal Server Error"

    clock.now += 24 * 3600

    assert (await verifier.verify(old)).subject == "old"
    assert (await verifier.verify(new)).subject == "new"


async def test_before_the_keys_are_known_nobody_is_called_a_forger(
    verifier: Verifier, issuer: KeyServer
) -> None:
    issuer.status = "500 Internal Server Error"

    with pytest.raises(Unavailable):
        await verifier.verify(token(kid="first"))


# The verifier that the settings ask for

DATABASE = {"database_url": "postgresql://zorbit@db.internal/zorbit"}
EXPECTED = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}


def configured(**values: Any) -> Settings:
    return Settings(**values)


async def test_a_key_file_is_used_even_on_the_embedded_database(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(public_pem(ED25519))
    verifier = tokens.verifier(configured(jwt_key_file=tmp_path / "key.pem", data_dir=tmp_path, **EXPECTED))

    assert (await verifier.verify(token(claims(exp=9e9), kid="any"))).subject == "user-1"
    assert not (tmp_path / "signing-key.pem").exists()
    local = LocalIssuer(ED25519).sign("user-1", timedelta(hours=1))
    assert await refusal(local, verifier) == OTHER_ISSUER


async def test_a_key_address_is_used(issuer: KeyServer) -> None:
    verifier = tokens.verifier(configured(jwks_url=issuer.url, jwt_leeway=7, **DATABASE, **EXPECTED))

    assert (await verifier.verify(token(claims(exp=9e9), kid="first"))).subject == "user-1"
    assert (verifier.issuer, verifier.audience, verifier.leeway) == (ISSUER, AUDIENCE, 7)
    await verifier.aclose()


def test_an_address_that_cannot_be_one_is_refused_at_start() -> None:
    with pytest.raises(OperatorError, match=r"^ZORBIT_JWKS_URL: not an address: "):
        JwksAddress("https://id.example.test:port/")

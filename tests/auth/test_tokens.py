"""Verifying tokens: what a sound one says, and that no other passes."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.auth import (
    AUDIENCE,
    ED25519,
    ED25519_NEXT,
    ISSUER,
    NOW,
    P256,
    RSA,
    SIGNING_KEYS,
    Clock,
    KeyServer,
    assembled,
    claims,
    jwk,
    key_server,
    public_pem,
    token,
)
from tests.examples import examples
from zorbit.auth import tokens
from zorbit.auth.keys import JwksAddress, key_set
from zorbit.auth.local import FixedKeys, LocalIssuer
from zorbit.auth.tokens import Claims, Verifier, bearer
from zorbit.config import Settings
from zorbit.errors import OperatorError, Unauthenticated, Unavailable

MALFORMED = "The token is malformed."
EXPIRED = "The token has expired."
NOT_YET = "The token is not valid yet."
BAD_SIGNATURE = "The token's signature is not valid."
UNKNOWN_KEY = "The token is signed with an unknown key."
OTHER_ISSUER = "The token is from another issuer."
OTHER_AUDIENCE = "The token is for another audience."
LACKS_CLAIM = "The token lacks a claim: exp, iss, aud and sub are needed."
BAD_SUBJECT = "The token's subject is not a text of 1 to 255 characters."
BAD_ALGORITHM = "The token's algorithm is not one of EdDSA, ES256, RS256."

KEYS = FixedKeys(key_set([jwk(ED25519, kid="ed"), jwk(P256, kid="ec"), jwk(RSA, kid="rsa")]))
SOUND = Claims(ISSUER, "user-1", email=None, email_verified=False, expires_at=NOW + 600)


def fixed_verifier(clock: Clock | None = None, leeway: float = 30) -> Verifier:
    return Verifier(KEYS, ISSUER, AUDIENCE, leeway, clock or Clock())


async def refusal(credential: str, verifier: Verifier | None = None) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await (verifier or fixed_verifier()).verify(credential)
    return str(refused.value)


def signed(header: object, payload: object) -> str:
    """A soundly signed token of any parts."""
    unsigned = assembled(header, payload).rpartition(".")[0]
    signature = ED25519.sign(unsigned.encode())
    return unsigned + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


# What passes


@pytest.mark.parametrize(("algorithm", "kid"), [("EdDSA", "ed"), ("ES256", "ec"), ("RS256", "rsa")])
async def test_a_sound_token_passes_with_and_without_the_name_of_its_key(algorithm: str, kid: str) -> None:
    key = SIGNING_KEYS[algorithm]

    assert await fixed_verifier().verify(token(key=key, algorithm=algorithm, kid=kid)) == SOUND
    assert await fixed_verifier().verify(token(key=key, algorithm=algorithm)) == SOUND


@pytest.mark.parametrize(
    ("changes", "email", "verified"),
    [
        ({"email": "a@example.test", "email_verified": True}, "a@example.test", True),
        ({"email": "a@example.test"}, "a@example.test", False),
        ({"email": "a@example.test", "email_verified": "true"}, "a@example.test", False),
        ({"email": "a@example.test", "email_verified": 1}, "a@example.test", False),
        ({"email": None, "email_verified": False}, None, False),
        ({"email": ["a@example.test"]}, None, False),
        ({"email": "a\x00@example.test"}, None, False),
        ({"email": "\ud800@example.test"}, None, False),
        ({"email": "a" * 256}, None, False),
    ],
)
async def test_an_address_counts_as_verified_only_where_the_issuer_says_exactly_so(
    changes: dict[str, Any], email: str | None, verified: bool
) -> None:
    assert await fixed_verifier().verify(token(claims(**changes))) == Claims(
        ISSUER, "user-1", email, verified, NOW + 600
    )


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]])
async def test_a_token_may_have_further_audiences(audience: object) -> None:
    assert await fixed_verifier().verify(token(claims(aud=audience))) == SOUND


@pytest.mark.parametrize(
    "subject", ["a", "a" * 255, "auth0|5f7", "ß 🦊 用户", "018f2c9e-0000-7000-8000-000000000000"]
)
async def test_a_subject_is_any_printable_text_up_to_255_characters(subject: str) -> None:
    assert (await fixed_verifier().verify(token(claims(sub=subject)))).subject == subject


async def test_a_token_of_the_local_issuer_passes(tmp_path: Path) -> None:
    verifier = tokens.verifier(Settings(data_dir=tmp_path))

    found = await verifier.verify(LocalIssuer.open(tmp_path).sign("user-1", timedelta(hours=1)))

    assert (found.issuer, found.subject, found.email, found.email_verified) == (
        "zorbit-local",
        "user-1",
        None,
        False,
    )
    await verifier.aclose()


# Time


@pytest.mark.parametrize(
    ("changes", "now", "answer"),
    [
        ({"exp": NOW}, NOW + 29.9, None),
        ({"exp": NOW}, NOW + 30, EXPIRED),
        ({"exp": NOW + 0.5}, NOW + 30.4, None),
        ({"nbf": NOW}, NOW - 30, None),
        ({"nbf": NOW}, NOW - 30.1, NOT_YET),
        ({"iat": NOW}, NOW - 30, None),
        ({"iat": NOW}, NOW - 30.1, NOT_YET),
        ({"iat": NOW - 9, "nbf": NOW}, NOW - 30.1, NOT_YET),
        ({"nbf": NOW + 31, "exp": NOW - 31}, NOW, EXPIRED),
    ],
)
async def test_times_hold_to_within_the_leeway(
    changes: dict[str, Any], now: float, answer: str | None
) -> None:
    credential = token(claims(**changes))
    verifier = fixed_verifier(Clock(now))

    if answer is None:
        assert (await verifier.verify(credential)).subject == "user-1"
    else:
        assert await refusal(credential, verifier) == answer
        assert not verifier._verified


async def test_without_leeway_a_token_ends_at_its_second() -> None:
    clock = Clock(NOW + 599.9)
    verifier = fixed_verifier(clock, leeway=0)

    assert await verifier.verify(token()) == SOUND
    clock.now = NOW + 600
    assert await refusal(token(), verifier) == EXPIRED


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value", ["1900000000", True, -1, 1e300, float("inf"), float("nan"), 10**400, [NOW], {}]
)
async def test_a_time_is_a_number_of_seconds(claim: str, value: object) -> None:
    assert await refusal(token(claims(**{claim: value}))) == MALFORMED


# Who and for whom


@pytest.mark.parametrize("claim", ["exp", "iss", "aud", "sub"])
@pytest.mark.parametrize("value", [..., None])
async def test_no_needed_claim_may_be_missing(claim: str, value: object) -> None:
    assert await refusal(signed({"alg": "EdDSA"}, claims(**{claim: value}))) == LACKS_CLAIM


@pytest.mark.parametrize("issuer", ["", ISSUER.rstrip("/"), ISSUER + "x", ISSUER.upper(), "zorbit-local"])
async def test_the_issuer_is_compared_exactly(issuer: str) -> None:
    assert await refusal(token(claims(iss=issuer))) == OTHER_ISSUER


@pytest.mark.parametrize("issuer", [[ISSUER], {"a": 1}, 7])
async def test_an_issuer_that_is_no_text_is_refused(issuer: object) -> None:
    assert await refusal(signed({"alg": "EdDSA"}, claims(iss=issuer))) == OTHER_ISSUER


@pytest.mark.parametrize(
    "audience", ["other", AUDIENCE + "x", ["other"], [["zorbit-tests"]], {AUDIENCE: 1}, 7]
)
async def test_a_token_for_others_is_refused(audience: object) -> None:
    assert await refusal(token(claims(aud=audience))) == OTHER_AUDIENCE


@pytest.mark.parametrize("audience", [[], ""])
async def test_a_token_for_nobody_is_refused(audience: object) -> None:
    assert await refusal(token(claims(aud=audience))) == LACKS_CLAIM


@pytest.mark.parametrize(
    "subject", ["", "a" * 256, "a\x00", "a\n", "\x7f", "\x85", "\ud800", 7, True, ["a"], {}]
)
async def test_a_subject_that_is_no_plain_text_is_refused(subject: object) -> None:
    assert await refusal(signed({"alg": "EdDSA"}, claims(sub=subject))) == BAD_SUBJECT


# Forgeries


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", None, 7, ["EdDSA"], "HS256", "RS512", "PS256"]
)
async def test_only_three_algorithms_are_known(algorithm: object) -> None:
    assert await refusal(assembled({"alg": algorithm}, claims())) == BAD_ALGORITHM
    assert await refusal(assembled({"alg": algorithm}, claims(), b"") + "AA") == BAD_ALGORITHM


async def test_a_token_without_a_signature_is_refused() -> None:
    unsigned = token().rpartition(".")[0]

    assert await refusal(unsigned) == MALFORMED
    assert await refusal(unsigned + ".") == MALFORMED


@pytest.mark.parametrize(("algorithm", "kid"), [("EdDSA", "ed"), ("ES256", "ec"), ("RS256", "rsa")])
@pytest.mark.parametrize("claimed", ["HS256", "EdDSA", "ES256", "RS256"])
async def test_a_public_key_is_no_shared_secret(algorithm: str, kid: str, claimed: str) -> None:
    key = SIGNING_KEYS[algorithm]
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    unsigned = assembled({"alg": claimed, "kid": kid}, claims()).rpartition(".")[0]

    for secret in (public_pem(key), der, json.dumps(jwk(key)).encode()):
        mac = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
        forged = unsigned + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        assert await refusal(forged) in {BAD_ALGORITHM, UNKNOWN_KEY, BAD_SIGNATURE}


async def test_a_key_verifies_its_own_algorithm_only() -> None:
    assert await refusal(token(key=P256, algorithm="ES256", kid="ed")) == UNKNOWN_KEY
    assert await refusal(token(key=RSA, algorithm="RS256", kid="ec")) == UNKNOWN_KEY
    assert await refusal(token(key=ED25519, algorithm="EdDSA", kid="rsa")) == UNKNOWN_KEY
    assert await refusal(token(key=RSA, algorithm="PS256", kid="rsa")) == BAD_ALGORITHM


async def test_the_name_of_a_key_is_not_the_key() -> None:
    assert await refusal(token(key=ED25519_NEXT, kid="ed")) == BAD_SIGNATURE
    assert await refusal(token(key=ED25519, kid="unknown")) == UNKNOWN_KEY
    assert await refusal(token(key=ED25519, kid="../../etc/passwd")) == UNKNOWN_KEY


async def test_without_a_name_two_keys_of_one_algorithm_are_one_too_many() -> None:
    source = FixedKeys(key_set([jwk(ED25519, kid="a"), jwk(ED25519_NEXT, kid="b")]))
    verifier = Verifier(source, ISSUER, AUDIENCE, 30, Clock())

    assert await refusal(token(), verifier) == UNKNOWN_KEY
    assert await verifier.verify(token(kid="a")) == SOUND


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_changed_token_is_refused(part: int) -> None:
    parts, other = token().split("."), token(claims(sub="user-2"), typ="other").split(".")
    parts[part] = other[part]

    assert await refusal(".".join(parts)) == BAD_SIGNATURE


async def test_keys_that_a_token_brings_along_or_points_at_are_ignored() -> None:
    headers: dict[str, Any] = {
        "jwk": jwk(ED25519_NEXT),
        "jku": "https://attacker.example.test/jwks.json",
        "x5u": "https://attacker.example.test/chain.pem",
        "x5c": ["AAAA"],
    }

    assert await refusal(token(key=ED25519_NEXT, **headers)) == BAD_SIGNATURE
    assert await fixed_verifier().verify(token(key=ED25519, **headers)) == SOUND


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "crit": ["exp"], "exp": 1},
        {"alg": "EdDSA", "crit": ["b64"], "b64": False},
        {"alg": "EdDSA", "crit": ["b64"], "b64": True},
        {"alg": "EdDSA", "crit": []},
        {"alg": "EdDSA", "crit": None},
        {"alg": "EdDSA", "b64": False},
        {"alg": "EdDSA", "kid": 7},
        {"alg": "EdDSA", "kid": None},
        ["alg", "EdDSA"],
        "EdDSA",
        None,
    ],
)
async def test_a_header_that_is_not_understood_is_refused(header: object) -> None:
    assert await refusal(signed(header, claims())) == MALFORMED


@pytest.mark.parametrize("payload", [None, [], "claims", 7, [["exp", NOW]]])
async def test_claims_that_are_no_object_are_refused(payload: object) -> None:
    assert await refusal(signed({"alg": "EdDSA"}, payload)) == MALFORMED


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "....",
        ".".join(["AAAA"] * 5),  # the form of an encrypted token
        "\ud800.a.b",
        "ἀ.ß.🦊",
        "\x00",
    ],
)
async def test_garbage_is_malformed(garbage: str) -> None:
    assert await refusal(garbage) == MALFORMED


async def test_a_token_has_nothing_around_it() -> None:
    sound = token()

    for longer in (
        sound + "=",
        sound + "==",
        sound + ".",
        sound + "\n",
        " " + sound,
        sound.replace(".", "..", 1),
    ):
        assert await refusal(longer) == MALFORMED


async def test_a_token_is_at_most_8_kib_long() -> None:
    padding = 8192 - len(token(claims(note="")))
    longest = max(
        (token(claims(note="x" * length)) for length in range(padding * 3 // 4 - 3, padding * 3 // 4 + 1)),
        key=len,
    )
    assert 8190 <= len(longest) <= 8192

    assert await fixed_verifier().verify(longest) == SOUND
    assert await refusal(token(claims(note="x" * padding))) == MALFORMED
    assert await refusal("a" * 1_000_000) == MALFORMED
    assert await refusal(token(claims(note="x" * 1_000_000))) == MALFORMED


async def test_a_refusal_never_repeats_the_token() -> None:
    for credential in (
        token(key=ED25519_NEXT, kid="ed"),
        token(claims(exp=1)),
        token(kid="unknown"),
        "secret",
    ):
        message = await refusal(credential)
        assert not any(part in message for part in credential.split("."))


bounded = settings(deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
base64url = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["EdDSA", "ES256", "none"]) | json_values,
        "kid": json_values,
        "typ": json_values,
    },
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.just(ISSUER) | json_values,
        "aud": st.just(AUDIENCE) | json_values,
        "sub": json_values,
        "exp": st.just(NOW) | json_values,
        "nbf": json_values,
        "iat": json_values,
        "jti": json_values,
        "email": json_values,
    },
)


@given(st.text() | st.tuples(base64url, base64url, base64url).map(".".join))
@bounded
async def test_any_text_is_refused_and_nothing_worse(garbage: str) -> None:
    await refusal(garbage)


@given(st.builds(assembled, headers | json_values, payloads | json_values, st.binary(max_size=70)))
@bounded
async def test_anything_unsigned_is_refused_and_nothing_worse(forged: str) -> None:
    await refusal(forged)


@given(st.builds(signed, headers, payloads | json_values))
@bounded
async def test_whatever_a_trusted_issuer_signs_is_taken_or_refused(credential: str) -> None:
    with suppress(Unauthenticated):
        found = await fixed_verifier().verify(credential)
        assert 1 <= len(found.subject.encode()) <= 255 * 4


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
async def issuer() -> AsyncIterator[KeyServer]:
    async with key_server(jwk(ED25519, kid="first")) as server:
        yield server


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


# The header


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        (None, None),
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc", "abc"),
        (" Bearer abc\t", "abc"),
        ("Bearer a-b_c.d~e+f/g==", "a-b_c.d~e+f/g=="),
    ],
)
def test_a_bearer_token_is_taken_from_the_header(header: str | None, credential: str | None) -> None:
    assert bearer(header) == credential


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "abc",
        "Basic abc",
        "Bearerabc",
        "Bearer\tabc",
        "Bearer abc def",
        "Bearer abc, Bearer def",
        "Bearer abc,Bearer def",
        "Bearer Bearer abc",
        "Bearer =",
        "Bearer a=b",
        "Bearer ä",
        "Bearer a\x00",
        "Bearer a\n",
        "Bearer \N{KELVIN SIGN}",
        "Token token=abc",
        "Bearer " + "a" * 100_000 + "!",
    ],
)
def test_any_other_header_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        bearer(header)

    assert str(refused.value) == "The Authorization header must have the form `Bearer <token>`."


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


def test_a_server_with_its_own_database_needs_a_key_source() -> None:
    with pytest.raises(OperatorError) as refused:
        tokens.verifier(configured(**DATABASE))

    assert str(refused.value) == (
        "a server with its own database needs a key source: set ZORBIT_JWKS_URL or ZORBIT_JWT_KEY_FILE "
        "(with ZORBIT_JWT_ISSUER and ZORBIT_JWT_AUDIENCE)"
    )

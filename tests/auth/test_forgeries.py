"""Verifying tokens: no forged, changed or malformed one passes."""

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import Any

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
    assembled,
    claims,
    jwk,
    public_pem,
    token,
)
from tests.auth.verifying import (
    BAD_ALGORITHM,
    BAD_SIGNATURE,
    MALFORMED,
    SOUND,
    UNKNOWN_KEY,
    fixed_verifier,
    refusal,
    signed,
)
from tests.examples import examples
from zorbit.auth.keys import key_set
from zorbit.auth.local import FixedKeys
from zorbit.auth.tokens import Verifier
from zorbit.errors import Unauthenticated


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


bounded = settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
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

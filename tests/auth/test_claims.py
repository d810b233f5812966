"""Verifying tokens: what a sound one says, and when, by whom and for whom it was made."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.auth import AUDIENCE, ISSUER, NOW, SIGNING_KEYS, Clock, claims, token
from tests.auth.verifying import (
    BAD_SUBJECT,
    EXPIRED,
    LACKS_CLAIM,
    MALFORMED,
    NOT_YET,
    OTHER_AUDIENCE,
    OTHER_ISSUER,
    SOUND,
    fixed_verifier,
    refusal,
    signed,
)
from zorbit.auth import tokens
from zorbit.auth.local import LocalIssuer
from zorbit.auth.tokens import Claims
from zorbit.config import Settings

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

"""Key sets: which keys are taken up, and which of them a token means."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.auth import ED25519, ED25519_NEXT, P256, RSA, jwk
from tests.auth.verifying import names
from zorbit.auth.keys import entries, key_set


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

"""What tests of tokens and keys share: a verifier, the words of its refusals, and names of keys."""

import base64

import pytest

from tests.auth import AUDIENCE, ED25519, ISSUER, NOW, P256, RSA, Clock, assembled, jwk
from zorbit.auth.keys import KeySet, key_set
from zorbit.auth.local import FixedKeys
from zorbit.auth.tokens import Claims, Verifier
from zorbit.errors import Unauthenticated

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


def names(keys: KeySet) -> list[str | None]:
    return [key.id for key in keys.keys]

"""Where a token stands: the Authorization header, and its only form."""

import pytest

from zorbit.auth.tokens import bearer
from zorbit.errors import Unauthenticated


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc", "abc"),
        (" Bearer abc\t", "abc"),
        ("Bearer a-b_c.d~e+f/g==", "a-b_c.d~e+f/g=="),
    ],
)
def test_a_bearer_token_is_taken_from_the_header(header: str, credential: str) -> None:
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

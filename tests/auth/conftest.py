"""The issuer that serves the keys of tests."""

from collections.abc import AsyncIterator

import pytest

from tests.auth import ED25519, KeyServer, jwk, key_server


@pytest.fixture
async def issuer() -> AsyncIterator[KeyServer]:
    async with key_server(jwk(ED25519, kid="first")) as server:
        yield server

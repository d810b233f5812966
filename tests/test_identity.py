"""Whose token it is, where an issuer of the operator's own signs: by id, by subject, by provisioning."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests import rows
from zorbit import app
from zorbit.config import Identity, Settings

ISSUER = "https://issuer.example.com"
KEY = Ed25519PrivateKey.generate()

Call = Callable[[str], Awaitable[httpx.Response]]


def token(subject: str, **claims: Any) -> str:
    """A token that the issuer signs."""
    plain = {"iss": ISSUER, "aud": "zorbit", "sub": subject, "exp": time.time() + 60}
    return jwt.encode(plain | claims, KEY, algorithm="EdDSA")


@asynccontextmanager
async def server(url: str, folder: Path, identity: Identity) -> AsyncIterator[Call]:
    """A server on a database of the operator's own, asked for its viewer."""
    key_file = folder / "key.pem"
    key_file.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    settings = Settings.model_validate(
        {
            "database_url": url,
            "jwt_key_file": key_file,
            "jwt_issuer": ISSUER,
            "jwt_audience": "zorbit",
            "identity": identity,
        }
    )
    application = app.create(settings, url)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as caller:

            async def call(bearer: str) -> httpx.Response:
                query = {"query": "{ viewer { id email } }"}
                headers = {"authorization": f"Bearer {bearer}"}
                return await caller.post("/graphql", json=query, headers=headers)

            yield call


async def test_a_subject_is_a_users_id(database_url: str, tmp_path: Path) -> None:
    user = rows.insert(database_url, "User", authIssuer=ISSUER, authSubject="abc")

    async with server(database_url, tmp_path, Identity.USER_ID) as call:
        by_id, by_subject = await call(token(str(user))), await call(token("abc"))

    assert by_id.json()["data"]["viewer"]["id"] == str(user)
    assert by_subject.status_code == 401


async def test_a_subject_is_the_issuers_own(database_url: str, tmp_path: Path) -> None:
    user = rows.insert(database_url, "User", authIssuer=ISSUER, authSubject="abc")
    rows.insert(database_url, "User", authIssuer="https://other.example.com", authSubject="def")

    async with server(database_url, tmp_path, Identity.SUBJECT) as call:
        by_subject, by_id = await call(token("abc")), await call(token(str(user)))
        of_another_issuer = await call(token("def"))

    assert by_subject.json()["data"]["viewer"]["id"] == str(user)
    assert by_id.status_code == 401
    assert of_another_issuer.status_code == 401


async def test_an_unknown_subject_becomes_a_user_once(database_url: str, tmp_path: Path) -> None:
    bearer = token("new", email="new@example.com", email_verified=True)

    async with server(database_url, tmp_path, Identity.PROVISION) as call:
        answers = await asyncio.gather(*(call(bearer) for _ in range(20)))

    ids = {answer.json()["data"]["viewer"]["id"] for answer in answers}
    assert len(ids) == 1
    stored = rows.fetch(database_url, 'SELECT email, role, "authIssuer", "authSubject" FROM "User"')
    assert stored == [("new@example.com", "user", ISSUER, "new")]


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "new@example.com"},
        {"email": "new@example.com", "email_verified": False},
        {"email": "new@example.com", "email_verified": "true"},
        {"email_verified": True},
    ],
)
async def test_no_user_without_a_verified_address(
    database_url: str, tmp_path: Path, claims: dict[str, Any]
) -> None:
    async with server(database_url, tmp_path, Identity.PROVISION) as call:
        response = await call(token("new", **claims))

    assert response.status_code == 401
    assert rows.fetch(database_url, 'SELECT count(*) FROM "User"') == [(0,)]


async def test_a_taken_address_is_not_handed_over(database_url: str, tmp_path: Path) -> None:
    rows.insert(database_url, "User", email="Taken@example.com")
    bearer = token("new", email="taken@example.com", email_verified=True)

    async with server(database_url, tmp_path, Identity.PROVISION) as call:
        response = await call(bearer)

    assert response.status_code == 401
    assert rows.fetch(database_url, 'SELECT email FROM "User"') == [("Taken@example.com",)]


async def test_a_deleted_user_is_not_made_anew(database_url: str, tmp_path: Path) -> None:
    gone = {"authIssuer": ISSUER, "authSubject": "gone", "isDeleted": True}
    rows.insert(database_url, "User", email="gone@example.com", **gone)
    bearer = token("gone", email="gone@example.com", email_verified=True)

    async with server(database_url, tmp_path, Identity.PROVISION) as call:
        response = await call(bearer)

    assert response.status_code == 401
    assert rows.fetch(database_url, 'SELECT "isDeleted" FROM "User"') == [(True,)]


async def test_an_address_that_is_none_is_refused(database_url: str, tmp_path: Path) -> None:
    bearer = token("new", email="no address", email_verified=True)

    async with server(database_url, tmp_path, Identity.PROVISION) as call:
        response = await call(bearer)

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "`email` must be an address like ada@example.com"

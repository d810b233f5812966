"""An issuer for tests: keys, tokens, a clock that stands still, and an HTTP server that can misbehave."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://id.example.test/"
AUDIENCE = "zorbit-tests"
NOW = 1_800_000_000.0

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ED25519 = ed25519.Ed25519PrivateKey.generate()
ED25519_NEXT = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)

SIGNING_KEYS: dict[str, PrivateKey] = {"EdDSA": ED25519, "ES256": P256, "RS256": RSA}


@dataclass
class Clock:
    """Time that only tests move."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def claims(**changes: Any) -> dict[str, Any]:
    """Sound claims with `changes`; a claim changed to ... is left out."""
    sound = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": NOW + 600}
    return {name: value for name, value in (sound | changes).items() if value is not ...}


def token(
    payload: Mapping[str, Any] | None = None,
    key: PrivateKey = ED25519,
    algorithm: str = "EdDSA",
    **header: Any,
) -> str:
    """A signed token."""
    return jwt.encode(dict(payload or claims()), key, algorithm=algorithm, headers=header)


def assembled(header: object, payload: object, signature: bytes = b"forged") -> str:
    """A token of parts that no honest library would put together."""
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def jwk(key: PrivateKey, **members: object) -> dict[str, Any]:
    """The public key as a member of a key set."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return OKPAlgorithm.to_jwk(public, as_dict=True) | members
    if isinstance(public, ec.EllipticCurvePublicKey):
        return ECAlgorithm.to_jwk(public, as_dict=True) | members
    return RSAAlgorithm.to_jwk(public, as_dict=True) | members


def public_pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class KeyServer:
    """Serves a key set on 127.0.0.1, as its attributes say at the time of each request."""

    url: str = ""
    requests: int = 0
    status: str = "200 OK"
    headers: tuple[str, ...] = ()
    body: bytes = b""
    hanging: bool = False
    dripping: bool = False
    connections: set[asyncio.Task[Any]] = field(default_factory=set)

    def publish(self, *jwks: object) -> None:
        self.body = json.dumps({"keys": jwks}).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            with suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
                await self._respond(reader, writer)
        finally:
            self.connections.discard(task)
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        if self.hanging:
            await asyncio.Event().wait()
        lines = [f"HTTP/1.1 {self.status}", "connection: close", *self.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        while self.dripping:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write(self.body)
        await writer.drain()


@asynccontextmanager
async def key_server(*jwks: object) -> AsyncIterator[KeyServer]:
    """A running server of these keys."""
    keys = KeyServer()
    keys.publish(*jwks)
    server = await asyncio.start_server(keys.answer, "127.0.0.1", 0)
    keys.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    try:
        yield keys
    finally:
        server.close()
        for connection in keys.connections:
            connection.cancel()
        await server.wait_closed()

"""Keys on this machine: the local issuer's signing key, and key files."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.auth import ED25519, ED25519_NEXT, NOW, P256, RSA, Clock, jwk, private_pem, public_pem
from zorbit.auth.local import LocalIssuer, read_key_file
from zorbit.errors import OperatorError

ED448 = ed448.Ed448PrivateKey.generate()

# The local issuer


def test_the_first_opening_makes_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    data_dir = tmp_path / "not" / "there" / "yet"

    issuer = LocalIssuer.open(data_dir)

    assert [path.name for path in data_dir.iterdir()] == ["signing-key.pem"]
    assert (data_dir / "signing-key.pem").stat().st_mode & 0o777 == 0o600
    assert private_pem(issuer.key) == (data_dir / "signing-key.pem").read_bytes()


def test_later_openings_read_the_same_key(tmp_path: Path) -> None:
    first, second = LocalIssuer.open(tmp_path), LocalIssuer.open(tmp_path)

    assert first.keys == second.keys


def test_processes_that_open_at_once_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from zorbit.auth.local import LocalIssuer; sys.stdin.read(1);"
        "print(LocalIssuer.open(pathlib.Path(sys.argv[1])).keys.keys[0].id)"
    )
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write("go")
        rival.stdin.flush()
    answers = {rival.communicate()[0].strip() for rival in rivals}

    assert answers == {LocalIssuer.open(tmp_path).keys.keys[0].id}
    assert [path.name for path in tmp_path.iterdir()] == ["signing-key.pem"]


def test_a_key_that_a_rival_made_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rival = LocalIssuer.open(tmp_path)
    monkeypatch.setattr(Path, "exists", lambda _: False)

    assert LocalIssuer.open(tmp_path).keys == rival.keys


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        private_pem(P256),
        public_pem(ED25519),
        private_pem(ED25519)[:60],
        ED448.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
    ],
    ids=["empty", "no PEM", "another kind", "public", "cut short", "encrypted"],
)
def test_a_damaged_signing_key_is_named_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing-key.pem"
    path.write_bytes(content)

    with pytest.raises(OperatorError) as refusal:
        LocalIssuer.open(tmp_path)

    assert str(refusal.value) == (
        f"{path} is not an Ed25519 key: delete it, and a new one is made (older tokens then end)"
    )
    assert path.read_bytes() == content


def test_a_signing_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "signing-key.pem"
    path.mkdir()

    with pytest.raises(OperatorError) as refusal:
        LocalIssuer.open(tmp_path)

    assert str(refusal.value) == f"cannot read or make the signing key {path}: Is a directory"


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OperatorError, match=r"^cannot read or make the signing key .*: Not a directory$"):
        LocalIssuer.open(tmp_path / "file" / "data")


def test_a_token_names_its_key_and_holds_from_now_for_its_lifetime() -> None:
    issuer = LocalIssuer(Ed25519PrivateKey.generate(), clock=Clock(NOW + 0.75))

    token = issuer.sign("user-1", timedelta(hours=1))

    key = issuer.keys.keys[0]
    decoded = jwt.decode_complete(
        token,
        key.public,
        algorithms=["EdDSA"],
        audience="zorbit",
        options={"verify_nbf": False, "verify_iat": False},
    )
    assert decoded["header"] == {"alg": "EdDSA", "kid": key.id, "typ": "JWT"}
    UUID(decoded["payload"].pop("jti"))
    assert decoded["payload"] == {
        "iss": "zorbit-local",
        "aud": "zorbit",
        "sub": "user-1",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 3600,
    }


def test_every_token_has_an_id_of_its_own() -> None:
    issuer = LocalIssuer(Ed25519PrivateKey.generate(), clock=Clock())

    assert issuer.sign("user-1", timedelta(hours=1)) != issuer.sign("user-1", timedelta(hours=1))


def test_the_key_is_named_by_its_thumbprint() -> None:
    # The key of RFC 8037, appendix A.1, and its thumbprint of appendix A.3.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")

    issuer = LocalIssuer(Ed25519PrivateKey.from_private_bytes(seed))

    assert [key.id for key in issuer.keys.keys] == ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]


def test_the_signing_key_does_not_show(tmp_path: Path) -> None:
    assert "key" not in repr(LocalIssuer.open(tmp_path))


# Key files


async def test_a_pem_file_gives_a_key_of_each_algorithm(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    path.write_bytes(b"Issued by us.\n" + b"\n".join(public_pem(key) for key in (ED25519, P256, RSA)))

    source = read_key_file(path)

    assert [(key.id, key.algorithm) for key in source.keys.keys] == [
        (None, "EdDSA"),
        (None, "ES256"),
        (None, "RS256"),
    ]
    assert await source.current() == await source.renewed() == source.keys
    await source.aclose()


def test_a_key_set_file_gives_its_named_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("\n" + json.dumps({"keys": [jwk(ED25519, kid="a"), jwk(ED25519_NEXT, kid="b")]}))

    assert [key.id for key in read_key_file(path).keys.keys] == ["a", "b"]


USABLE = "use Ed25519, EC P-256 or RSA of at least 2048 bits"
PRIVATE = "a private key, which a server that only verifies must not have: give it the public one"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "neither a public key in PEM nor a key set in JSON"),
        (b"secret", "neither a public key in PEM nor a key set in JSON"),
        (public_pem(P256)[:80], "neither a public key in PEM nor a key set in JSON"),
        (private_pem(ED25519), PRIVATE),
        (public_pem(ED25519) + private_pem(RSA), PRIVATE),
        (
            P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
            PRIVATE,
        ),
        (
            RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"a")),
            PRIVATE,
        ),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", f"not a public key: {USABLE}"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", f"not a public key: {USABLE}"),
        (public_pem(ec.generate_private_key(ec.SECP384R1())), f"a key that cannot be used: {USABLE}"),
        (public_pem(rsa.generate_private_key(65537, 1024)), f"a key that cannot be used: {USABLE}"),
        (
            public_pem(ED25519) + public_pem(ED25519_NEXT),
            "two keys for EdDSA: a key set in JSON can tell them apart by name",
        ),
        (b'{"kty": "OKP"}', 'not a key set: it has the form {"keys": [...]}'),
        (b'{"keys": []}', f"no key that can be used: {USABLE}"),
        (b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', f"no key that can be used: {USABLE}"),
        (json.dumps({"keys": [jwk(P256), jwk(ED25519, d="c2VjcmV0")]}).encode(), PRIVATE),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",  # keys differ from run to run
)
def test_a_wrong_key_file_is_refused_with_what_is_wrong(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)

    with pytest.raises(OperatorError) as refusal:
        read_key_file(path)

    assert str(refusal.value) == f"ZORBIT_JWT_KEY_FILE: {path}: {complaint}"


def test_a_key_file_of_broken_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{")

    with pytest.raises(OperatorError, match=r"^ZORBIT_JWT_KEY_FILE: .*keys\.json: .*line 1"):
        read_key_file(path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"

    with pytest.raises(OperatorError) as refusal:
        read_key_file(path)

    assert str(refusal.value) == f"ZORBIT_JWT_KEY_FILE: cannot read {path}: No such file or directory"

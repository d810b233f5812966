"""Settings: read once from `ZORBIT_*` environment variables, checked before anything starts."""

import os
import re
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from zorbit.errors import OperatorError

ORIGIN = re.compile(
    r"(https(?!.*:443$)|http(?!.*:80$))://([a-z0-9._-]+|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?", re.ASCII
)
"""As browsers write it, in small letters and without the port that goes without saying: others match none."""


class Identity(StrEnum):
    """What a token's `sub` means."""

    USER_ID = "user_id"
    """The id of a user."""
    SUBJECT = "subject"
    """A subject of the issuer's, stored with the user when the user was created."""
    PROVISION = "provision"
    """As `subject`, and an unknown subject with a verified e-mail address becomes a new user."""


class Profile(StrEnum):
    """What a server tells about itself unless a setting of its own says otherwise."""

    DEVELOPMENT = "development"
    """GraphiQL, introspection, and suggestions in errors."""
    PRODUCTION = "production"
    """None of these."""


class LogFormat(StrEnum):
    """How log lines are written: for machines or for people."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _postgresql_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql:// (for example postgresql://zorbit@db.internal/zorbit)")
    try:
        make_url(text)
        conninfo_to_dict(text)
    except (ValueError, ArgumentError, ProgrammingError):
        # What is wrong would be told with a piece of the address, perhaps of the password.
        raise ValueError(
            "is not an address: postgresql://user:password@host:5432/database?option=value"
        ) from None
    return url


def _http_url(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// (or http:// for what is on the same host)")
    return url


def _parted(text: object) -> object:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


def _origin(text: str) -> str:
    if not ORIGIN.fullmatch(text):
        raise ValueError("must be origins such as https://app.example.com, parted by commas")
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, parted by commas") from None


Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_parted)]
Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(_parted)
]


class Settings(BaseSettings):
    """Every setting: the variable is the field's name in capitals after `ZORBIT_`; times are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="ZORBIT_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that serve side by side, each with pools of its own."""
    data_dir: Path = Path(".zorbit")
    """Where the embedded PostgreSQL and the local signing key live."""

    database_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] | None = None
    """A PostgreSQL of one's own, 15 or newer; without it an embedded one runs under `data_dir`."""
    pool_size: Annotated[int, Field(ge=1, le=1000)] = 10
    read_pool_size: Annotated[int, Field(ge=1, le=1000)] = 10
    """Connections of compiled reads, beside the pool of everything else."""
    compiled_reads: bool = True
    """Whether queries are answered by compiled plans; without, by resolvers alone, which are slower."""
    writes_at_once: Annotated[int, Field(ge=1, le=1000)] = 2
    """Mutations of one caller that run at once in this process; further ones wait without a connection."""
    pool_timeout: Annotated[float, Field(gt=0, le=60)] = 5
    """How long a request waits for a free connection."""
    connect_timeout: Annotated[int, Field(ge=1, le=60)] = 3
    operation_timeout: Annotated[float, Field(ge=0.1, le=3600)] | None = None
    """How long an operation may take, with all its statements; see `request_timeout`."""
    statement_timeout: Annotated[float, Field(ge=0.001, le=3600)] = 10
    lock_timeout: Annotated[float, Field(ge=0.001, le=3600)] = 3

    jwks_url: Annotated[str, AfterValidator(_http_url)] | None = None
    """Address of the issuer's JSON Web Key Set."""
    jwt_key_file: Path | None = None
    """A public key (PEM) or a key set (JSON) in place of `jwks_url`."""
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_leeway: Annotated[float, Field(ge=0, le=300)] = 30
    """How far an issuer's clock may be off."""
    identity: Identity = Identity.USER_ID

    grace_days: Annotated[int, Field(ge=0, le=90)] = 7
    """How long an unpaid subscription goes on working."""
    missed_after_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24
    """A scheduled post later than this is missed, no longer due."""
    trial_days: Annotated[int, Field(ge=1, le=365)] = 14
    """How long a trial lasts; a user has one ever."""
    periodic_seconds: Annotated[float, Field(ge=0, le=24 * 3600)] = 300
    """How often a server ends trials and bills periods; 0 for never, where `zorbit periodic` does it."""

    cors_origins: Origins = ()
    """Origins whose pages may use the API from a browser, parted by commas."""
    trusted_proxies: Addresses = ()
    """Addresses and networks, parted by commas, that are believed who a client is (`X-Forwarded-*`)."""
    connections: Annotated[int, Field(ge=1, le=100_000)] = 900
    """Of clients, open at once in this process; further ones are told to come again."""
    operations: Annotated[int, Field(ge=1, le=10_000)] = 64
    """That run at once in this process; further ones are told to come again."""
    profile: Profile = Profile.DEVELOPMENT
    graphiql: bool = True
    introspection: bool = True
    """Whether clients may ask for the schema; `__typename` they always may."""
    suggestions: bool = True
    """Whether errors say what may have been meant ("Did you mean")."""

    limit_characters: Annotated[int, Field(ge=10_000, le=1_000_000)] = 100_000
    limit_tokens: Annotated[int, Field(ge=500, le=100_000)] = 2_000
    limit_definitions: Annotated[int, Field(ge=10, le=1_000)] = 100
    """Operations and fragments of a document."""
    limit_depth: Annotated[int, Field(ge=20, le=1_000)] = 25
    """Fields below one another. No limit can be so low that the standard introspection query is refused."""
    limit_fields: Annotated[int, Field(ge=300, le=100_000)] = 2_000
    """Fields of a document with its fragments unfolded."""
    limit_root_fields: Annotated[int, Field(ge=1, le=1_000)] = 50
    limit_aliases: Annotated[int, Field(ge=0, le=10_000)] = 100
    limit_directives: Annotated[int, Field(ge=0, le=10_000)] = 50
    limit_repeats: Annotated[int, Field(ge=50, le=1_000)] = 200
    """Fields selected again in the same place; validation takes 15 microseconds for each two of them."""
    limit_lists: Annotated[int, Field(ge=1, le=1_000)] = 40
    """Connections of an operation."""
    limit_cost: Annotated[int, Field(ge=100_000, le=2**31 - 1)] = 500_000
    """What an operation may come to, in points."""
    rate: Annotated[float, Field(ge=0, le=1e12)] = 100_000
    """Points a second that come back to each caller's bucket; 0 limits nobody."""
    rate_burst: Annotated[int, Field(ge=100_000, le=2**53)] = 1_000_000
    """Points that a bucket holds; at least `limit_cost`."""

    persisted_queries: Annotated[int, Field(ge=0, le=100_000)] = 10_000
    """Documents that clients store, to be sent by their hashes; 0 stores none."""
    persisted_query_bytes: Annotated[int, Field(ge=100_000, le=2**31 - 1)] = 64 * 1024 * 1024
    """Of all of them."""
    persisted_query_share: Annotated[int, Field(ge=1, le=100)] = 10
    """Percent of both that one caller's documents may come to; further ones push out their own."""
    trusted_documents: Path | None = None
    """A manifest of documents, which clients send by their ids."""
    trusted_only: bool = False
    """Whether nothing else is run; GraphiQL is off then."""

    traces_endpoint: Annotated[str, AfterValidator(_http_url)] | None = None
    """Where a collector takes traces by OTLP over HTTP, with its path; nothing is traced without."""
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = 0.01
    """How many of all requests are traced, of those that do not come with a decision of their caller's."""
    traces_parents: bool = True
    """Whether callers decide, by `traceparent`, if their requests are traced, and as part of which trace."""
    slow_milliseconds: Annotated[float, Field(ge=0, le=3_600_000)] = 1000
    """Operations that take this long get a line in the log; 0 for none."""
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0
    """How long a server that is told to stop goes on serving, while `/readyz` says that it stops."""
    log_format: LogFormat = LogFormat.JSON
    log_level: LogLevel = LogLevel.INFO

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None

    @property
    def shows_graphiql(self) -> bool:
        """Whether a browser is given a page on which to write documents."""
        return self.graphiql and not self.trusted_only

    @property
    def request_timeout(self) -> float:
        """When a request is given up, and what it runs in PostgreSQL canceled.

        Unless it is set, a connection may be waited for, made, and used for one statement.
        """
        if self.operation_timeout is not None:
            return self.operation_timeout
        return self.pool_timeout + self.connect_timeout + self.statement_timeout

    @property
    def has_key_source(self) -> bool:
        """Whether tokens are verified by an issuer's key (else by the local one of the embedded database)."""
        return self.jwks_url is not None or self.jwt_key_file is not None

    @model_validator(mode="before")
    @classmethod
    def _follow_the_profile(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The profile's own, for what has no setting of its own."""
        if given.get("profile") != Profile.PRODUCTION:
            return given
        return {"graphiql": False, "introspection": False, "suggestions": False, **given}

    @model_validator(mode="after")
    def _key_source_is_whole(self) -> Self:
        if self.jwks_url and self.jwt_key_file:
            raise ValueError("ZORBIT_JWKS_URL and ZORBIT_JWT_KEY_FILE exclude each other: set one of them")
        if self.has_key_source and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("a key source needs ZORBIT_JWT_ISSUER and ZORBIT_JWT_AUDIENCE too")
        if not self.has_key_source and self.identity is not Identity.USER_ID:
            raise ValueError("ZORBIT_IDENTITY needs a key source: ZORBIT_JWKS_URL or ZORBIT_JWT_KEY_FILE")
        return self

    @model_validator(mode="after")
    def _a_bucket_holds_an_operation(self) -> Self:
        if self.rate and self.rate_burst < self.limit_cost:
            raise ValueError(
                f"ZORBIT_RATE_BURST must be at least ZORBIT_LIMIT_COST, {self.limit_cost}: no bucket would "
                "hold an operation that is let through"
            )
        return self

    @model_validator(mode="after")
    def _only_what_is_given_is_run(self) -> Self:
        if self.trusted_only and self.trusted_documents is None:
            raise ValueError(
                "ZORBIT_TRUSTED_ONLY needs ZORBIT_TRUSTED_DOCUMENTS, the manifest of what is run"
            )
        return self


def load() -> Settings:
    """The settings of this process.

    Raises OperatorError with one line per wrong variable; values are not repeated, they may be secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise OperatorError("\n".join(_complaint(e["loc"], e["msg"]) for e in error.errors())) from None


def unknown() -> list[str]:
    """Variables that look like settings, and are none: misspelt, or set by whoever starts containers."""
    known = {f"ZORBIT_{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith("ZORBIT_") and name not in known)


def _complaint(location: tuple[int | str, ...], message: str) -> str:
    variable = f"ZORBIT_{str(location[0]).upper()}: " if location else ""
    return variable + message.removeprefix("Value error, ")

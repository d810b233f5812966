"""Settings: what is wrong is said in a line that names the variable, and secrets stay secret."""

from pathlib import Path

import pytest

from zorbit import config
from zorbit.config import Identity, LogFormat, LogLevel, Settings
from zorbit.errors import OperatorError

SECRET = "geheim"
NO_NUMBER = "Input should be a valid number, unable to parse string as a number"
NO_INTEGER = "Input should be a valid integer, unable to parse string as an integer"
NO_POSTGRESQL = "must begin with postgresql:// (for example postgresql://zorbit@db.internal/zorbit)"
NO_HTTP = "must begin with https:// (or http:// for what is on the same host)"
NO_ORIGINS = "must be origins such as https://app.example.com, parted by commas"
NO_ADDRESSES = "must be addresses or networks such as 10.0.0.0/8, parted by commas"

WRONG = [
    ("PORT", "http", NO_INTEGER),
    ("PORT", "-1", "Input should be greater than or equal to 0"),
    ("PORT", "65536", "Input should be less than or equal to 65535"),
    ("WORKERS", "all", NO_INTEGER),
    ("WORKERS", "0", "Input should be greater than or equal to 1"),
    ("WORKERS", "65", "Input should be less than or equal to 64"),
    ("DATABASE_URL", f"mysql://zorbit:{SECRET}@db/zorbit", NO_POSTGRESQL),
    ("DATABASE_URL", SECRET, NO_POSTGRESQL),
    ("POOL_SIZE", "many", NO_INTEGER),
    ("POOL_SIZE", "0", "Input should be greater than or equal to 1"),
    ("READ_POOL_SIZE", "many", NO_INTEGER),
    ("READ_POOL_SIZE", "0", "Input should be greater than or equal to 1"),
    ("READ_POOL_SIZE", "1001", "Input should be less than or equal to 1000"),
    ("COMPILED_READS", "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ("WRITES_AT_ONCE", "0", "Input should be greater than or equal to 1"),
    ("POOL_SIZE", "1001", "Input should be less than or equal to 1000"),
    ("POOL_TIMEOUT", "soon", NO_NUMBER),
    ("POOL_TIMEOUT", "0", "Input should be greater than 0"),
    ("POOL_TIMEOUT", "61", "Input should be less than or equal to 60"),
    ("POOL_TIMEOUT", "nan", "Input should be less than or equal to 60"),
    ("CONNECT_TIMEOUT", "soon", NO_INTEGER),
    ("CONNECT_TIMEOUT", "0", "Input should be greater than or equal to 1"),
    ("CONNECT_TIMEOUT", "61", "Input should be less than or equal to 60"),
    ("OPERATION_TIMEOUT", "soon", NO_NUMBER),
    ("OPERATION_TIMEOUT", "0", "Input should be greater than or equal to 0.1"),
    ("STATEMENT_TIMEOUT", "soon", NO_NUMBER),
    ("STATEMENT_TIMEOUT", "0", "Input should be greater than or equal to 0.001"),
    ("STATEMENT_TIMEOUT", "inf", "Input should be less than or equal to 3600"),
    ("LOCK_TIMEOUT", "soon", NO_NUMBER),
    ("LOCK_TIMEOUT", "-1", "Input should be greater than or equal to 0.001"),
    ("LOCK_TIMEOUT", "3601", "Input should be less than or equal to 3600"),
    ("JWKS_URL", "ftp://issuer/keys", NO_HTTP),
    ("JWT_LEEWAY", "much", NO_NUMBER),
    ("JWT_LEEWAY", "-1", "Input should be greater than or equal to 0"),
    ("JWT_LEEWAY", "301", "Input should be less than or equal to 300"),
    ("IDENTITY", "email", "Input should be 'user_id', 'subject' or 'provision'"),
    ("GRACE_DAYS", "week", NO_INTEGER),
    ("GRACE_DAYS", "-1", "Input should be greater than or equal to 0"),
    ("GRACE_DAYS", "91", "Input should be less than or equal to 90"),
    ("MISSED_AFTER_HOURS", "day", NO_INTEGER),
    ("MISSED_AFTER_HOURS", "0", "Input should be greater than or equal to 1"),
    ("MISSED_AFTER_HOURS", "721", "Input should be less than or equal to 720"),
    ("CORS_ORIGINS", "*", NO_ORIGINS),
    ("CORS_ORIGINS", "https://app.example.com/", NO_ORIGINS),
    ("CORS_ORIGINS", "https://app.example.com,app.example.com", NO_ORIGINS),
    ("CORS_ORIGINS", "https://App.example.com", NO_ORIGINS),
    ("CORS_ORIGINS", "https://*.example.com", NO_ORIGINS),
    ("CORS_ORIGINS", "https://app.example.com:443", NO_ORIGINS),
    ("CORS_ORIGINS", "http://app.example.com:80", NO_ORIGINS),
    ("CORS_ORIGINS", "https://user@app.example.com", NO_ORIGINS),
    ("TRUSTED_PROXIES", "*", NO_ADDRESSES),
    ("TRUSTED_PROXIES", "10.0.0.1/8", NO_ADDRESSES),
    ("CONNECTIONS", "0", "Input should be greater than or equal to 1"),
    ("TRIAL_DAYS", "fortnight", NO_INTEGER),
    ("TRIAL_DAYS", "0", "Input should be greater than or equal to 1"),
    ("TRIAL_DAYS", "366", "Input should be less than or equal to 365"),
    ("PERIODIC_SECONDS", "often", NO_NUMBER),
    ("PERIODIC_SECONDS", "-1", "Input should be greater than or equal to 0"),
    ("PERIODIC_SECONDS", "86401", "Input should be less than or equal to 86400"),
    ("PROFILE", "staging", "Input should be 'development' or 'production'"),
    ("INTROSPECTION", "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ("SUGGESTIONS", "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ("LIMIT_CHARACTERS", "9999", "Input should be greater than or equal to 10000"),
    ("LIMIT_TOKENS", "499", "Input should be greater than or equal to 500"),
    ("LIMIT_DEFINITIONS", "9", "Input should be greater than or equal to 10"),
    ("LIMIT_DEPTH", "19", "Input should be greater than or equal to 20"),
    ("LIMIT_FIELDS", "299", "Input should be greater than or equal to 300"),
    ("LIMIT_ROOT_FIELDS", "0", "Input should be greater than or equal to 1"),
    ("LIMIT_ALIASES", "-1", "Input should be greater than or equal to 0"),
    ("LIMIT_DIRECTIVES", "-1", "Input should be greater than or equal to 0"),
    ("LIMIT_REPEATS", "49", "Input should be greater than or equal to 50"),
    ("LIMIT_LISTS", "0", "Input should be greater than or equal to 1"),
    ("LIMIT_COST", "99999", "Input should be greater than or equal to 100000"),
    ("PERSISTED_QUERIES", "100001", "Input should be less than or equal to 100000"),
    ("PERSISTED_QUERY_BYTES", "99999", "Input should be greater than or equal to 100000"),
    ("PERSISTED_QUERY_SHARE", "0", "Input should be greater than or equal to 1"),
    ("TRUSTED_ONLY", "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ("OPERATIONS", "0", "Input should be greater than or equal to 1"),
    ("RATE", "-1", "Input should be greater than or equal to 0"),
    ("RATE_BURST", "99999", "Input should be greater than or equal to 100000"),
    ("GRAPHIQL", "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ("TRACES_ENDPOINT", "collector:4318", NO_HTTP),
    ("TRACES_RATIO", "1.1", "Input should be less than or equal to 1"),
    ("TRACES_PARENTS", "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ("SLOW_MILLISECONDS", "-1", "Input should be greater than or equal to 0"),
    ("DRAIN_SECONDS", "301", "Input should be less than or equal to 300"),
    ("LOG_FORMAT", "xml", "Input should be 'json' or 'console'"),
    ("LOG_LEVEL", "loud", "Input should be 'debug', 'info', 'warning' or 'error'"),
]
# Any text is a value of these.
FREE = {"HOST", "DATA_DIR", "JWT_KEY_FILE", "JWT_ISSUER", "JWT_AUDIENCE", "TRUSTED_DOCUMENTS"}
ISSUER = {"JWT_ISSUER": "https://issuer", "JWT_AUDIENCE": "zorbit"}
KEY_SOURCE_NEEDS = "a key source needs ZORBIT_JWT_ISSUER and ZORBIT_JWT_AUDIENCE too"


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"ZORBIT_{name}", value)
    return config.load()


def complaint(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(OperatorError) as refusal:
        load(monkeypatch, **variables)
    assert refusal.value.__suppress_context__
    return str(refusal.value)


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZORBIT_RATE")
    settings = load(monkeypatch)

    assert settings == Settings.model_construct()
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path(".zorbit"))
    assert settings.embedded
    assert not settings.has_key_source
    assert settings.identity is Identity.USER_ID


def test_a_server_in_production_tells_little_about_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = load(monkeypatch, PROFILE="production")

    assert (quiet.graphiql, quiet.introspection, quiet.suggestions) == (False, False, False)


def test_a_setting_of_its_own_counts_more_than_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PROFILE="production", INTROSPECTION="true")

    assert (settings.graphiql, settings.introspection, settings.suggestions) == (False, True, False)


@pytest.mark.parametrize(("name", "value", "message"), WRONG, ids=[f"{name}={v}" for name, v, _ in WRONG])
def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    assert complaint(monkeypatch, **{name: value}) == f"ZORBIT_{name}: {message}"


def test_each_setting_that_has_wrong_values_is_tried() -> None:
    assert {name for name, _, _ in WRONG} == {name.upper() for name in Settings.model_fields} - FREE


def test_every_wrong_variable_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = complaint(
        monkeypatch,
        PORT="http",
        DATABASE_URL=f"mysql://zorbit:{SECRET}@db/zorbit",
        LOG_LEVEL="loud",
    ).splitlines()

    assert lines == [
        f"ZORBIT_PORT: {NO_INTEGER}",
        f"ZORBIT_DATABASE_URL: {NO_POSTGRESQL}",
        "ZORBIT_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'",
    ]


@pytest.mark.parametrize("name", ["STATEMENT_TIMEOUT", "LOCK_TIMEOUT"])
def test_a_timeout_below_a_millisecond_does_not_become_none_at_all(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # PostgreSQL counts in milliseconds, and 0 turns the timeout off.
    assert f"ZORBIT_{name}: Input should be greater than" in complaint(monkeypatch, **{name: "0.0004"})


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://zorbit:{SECRET}@db:port/zorbit",
        f"postgresql://zorbit:{SECRET}@[::1/zorbit",
        f"postgresql://zorbit:{SECRET}@db/zorbit?no_such_option=1",
    ],
)
def test_an_address_that_cannot_be_read_is_a_line_too(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    message = complaint(monkeypatch, DATABASE_URL=url)

    assert message.startswith("ZORBIT_DATABASE_URL: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message


@pytest.mark.parametrize("name", ["JWKS_URL", "JWT_KEY_FILE"])
def test_a_key_source_needs_issuer_and_audience(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    source = {name: "https://issuer/keys"}
    for given in ({}, {"JWT_ISSUER": "https://issuer"}, {"JWT_AUDIENCE": "zorbit"}):
        with monkeypatch.context() as patch:
            assert complaint(patch, **source, **given) == KEY_SOURCE_NEEDS

    assert load(monkeypatch, **source, **ISSUER).has_key_source


def test_there_is_one_key_source(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"JWKS_URL": "https://issuer/keys", "JWT_KEY_FILE": "/etc/zorbit/key.pem"}

    assert complaint(monkeypatch, **both, **ISSUER) == (
        "ZORBIT_JWKS_URL and ZORBIT_JWT_KEY_FILE exclude each other: set one of them"
    )


@pytest.mark.parametrize("identity", ["subject", "provision"])
def test_an_identity_of_the_issuers_needs_a_key_source(
    monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    assert complaint(monkeypatch, IDENTITY=identity) == (
        "ZORBIT_IDENTITY needs a key source: ZORBIT_JWKS_URL or ZORBIT_JWT_KEY_FILE"
    )

    settings = load(monkeypatch, IDENTITY=identity, JWKS_URL="https://issuer/keys", **ISSUER)
    assert settings.identity == identity


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, **{name.upper(): "" for name in Settings.model_fields}) == load(monkeypatch)
    assert load(monkeypatch).embedded


def test_names_that_are_no_settings_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZORBIT_TRUSTED_ONY", "true")
    monkeypatch.setenv("ZORBIT_TRUSTED_ONLY", "")

    assert "ZORBIT_TRUSTED_ONY" in config.unknown()
    assert "ZORBIT_TRUSTED_ONLY" not in config.unknown()


def test_values_are_read_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        HOST="::1",
        PORT="0",
        DATA_DIR="/srv/zorbit",
        DATABASE_URL=f"postgres://zorbit:{SECRET}@db/zorbit",
        POOL_TIMEOUT="0.5",
        GRAPHIQL="false",
        LOG_FORMAT="console",
        LOG_LEVEL="warning",
    )
    monkeypatch.setenv("ZORBIT_PORT", "9000")

    assert (settings.host, settings.port, settings.data_dir) == ("::1", 0, Path("/srv/zorbit"))
    assert settings.pool_timeout == 0.5
    assert not settings.embedded
    assert not settings.graphiql
    assert settings.log_format is LogFormat.CONSOLE
    assert settings.log_level is LogLevel.WARNING
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 9000  # type: ignore[misc] # which is what is tried


def test_the_databases_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, DATABASE_URL=f"postgresql://zorbit:{SECRET}@db/zorbit")

    assert SECRET not in f"{settings!r} {settings!s} {settings.model_dump()} {settings.model_dump_json()}"

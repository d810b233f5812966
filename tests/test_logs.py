"""Log lines: data for machines, one a line, without anything private."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from zorbit import logs
from zorbit.config import LogFormat, Settings


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Logging as it was, afterwards."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


@pytest.mark.usefixtures("own_logging")
def test_a_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())

    structlog.get_logger("zorbit.test").info("done", number=3)
    logging.getLogger("another.library").warning("careful with %s", "that")

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["number"], first["level"]) == ("done", 3, "info")
    assert (second["event"], second["level"]) == ("careful with that", "warning")


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("log_format", LogFormat)
def test_a_fault_is_logged_with_its_traceback_and_without_its_text(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat
) -> None:
    logs.configure(Settings(log_format=log_format))
    content = "odd"

    for logger in (structlog.get_logger("zorbit.test"), logging.getLogger("another.library")):
        try:
            int(content)
        except ValueError:
            logger.exception("fault")

    written = capsys.readouterr().err
    assert written.count("int(content)") == written.count("ValueError") == 2
    assert content not in written


@pytest.mark.usefixtures("own_logging")
def test_people_can_have_it_readable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format=LogFormat.CONSOLE))

    structlog.get_logger("zorbit.test").info("done", number=3)

    assert "done" in capsys.readouterr().err


def test_the_command_lists_what_it_can_do() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "zorbit", "--help"], capture_output=True, text=True, check=True, timeout=60
    )

    for command in ("serve", "migrate", "demo", "token", "user", "run", "schema"):
        assert command in finished.stdout

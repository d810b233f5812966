"""Rules of the house that no other tool holds: how large a room may grow, and what no file names."""

import ast
import re
import subprocess
from collections.abc import Iterator

from tests.sources import FUNCTION, ROOT, SOURCES

FILE_LINES = 300
FUNCTION_LINES = 50


def test_files_stay_short() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}

    assert len(lines) > 50
    assert {path: number for path, number in lines.items() if number > FILE_LINES} == {}


def test_functions_fit_a_screen() -> None:
    functions = {
        f"{path.relative_to(ROOT)}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, FUNCTION)
    }

    assert len(functions) > 200
    assert {name: number for name, number in functions.items() if number > FUNCTION_LINES} == {}


def repository() -> Iterator[tuple[str, bytes]]:
    """Every file that is committed, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in sorted(set(listed.split("\0")) - {""}):
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_bytes()


def test_no_file_names_a_place_on_the_machine_it_was_made_on() -> None:
    place = re.compile(rb"(?<![\w.-])/" + rb"work/")

    assert [name for name, content in repository() if place.search(content)] == []


def test_no_source_and_no_lock_file_names_a_package_registry() -> None:
    hosts = [host.encode() for host in (r"pypi\.org", r"registry\.npmjs\.org", r"files\.pythonhosted\.org")]
    named = re.compile(rb"(?<![\w.-])(?:" + b"|".join(hosts) + rb")\b")

    found = [name for name, content in repository() if not name.endswith(".md") and named.search(content)]

    assert found == []


def test_every_test_that_the_documentation_names_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    missing = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / "tests" / file).read_text()
    ]

    assert len(named) > 50
    assert missing == []

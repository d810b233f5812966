"""The specification of GraphQL over HTTP, by the audits of the npm package `graphql-http`."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from zorbit.engine import http

AUDITS = Path(__file__).parent / "audits"
BY_GET = {"5A70", "D6D5", "6A70"}
"""The audits in which a query by GET is to be answered."""


def audited(url: str) -> dict[str, list[dict[str, Any]]]:
    """What the audits found; without Node the test is skipped, or with ZORBIT_TESTS_NO_SKIP=1 fails."""
    if not (shutil.which("node") and shutil.which("npm")):
        reason = "Node.js with npm is not on the PATH (Debian: apt-get install nodejs npm)"
        if os.environ.get("ZORBIT_TESTS_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    kept = AUDITS / "node_modules" / ".package-lock.json"
    if not kept.exists() or kept.stat().st_mtime < (AUDITS / "package-lock.json").stat().st_mtime:
        install = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, cwd=AUDITS, check=True, timeout=300)
    command = ["node", "audit.js", url, http.PREFLIGHT[0]]
    found = subprocess.run(command, cwd=AUDITS, check=True, timeout=60, capture_output=True)
    results: dict[str, list[dict[str, Any]]] = json.loads(found.stdout)
    return results


@pytest.mark.node
def test_all_audits_pass_and_those_by_get_with_the_header_alone(port: int) -> None:
    found = audited(f"http://127.0.0.1:{port}/graphql")

    assert len(found["forced"]) > 60
    assert [audit for audit in found["forced"] if audit["status"] != "ok"] == []
    assert {audit["id"] for audit in found["plain"] if audit["status"] != "ok"} == BY_GET

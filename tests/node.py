"""Programs for Node.js, each in a folder with the packages that it needs."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def run(folder: Path, script: str, *arguments: str) -> Any:
    """The JSON that a script prints; without Node a test is skipped, or fails with ZORBIT_TESTS_NO_SKIP=1."""
    if not (shutil.which("node") and shutil.which("npm")):
        reason = "Node.js with npm is not on the PATH (Debian: apt-get install nodejs npm)"
        if os.environ.get("ZORBIT_TESTS_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    kept = folder / "node_modules" / ".package-lock.json"
    if not kept.exists() or kept.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
        install = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, cwd=folder, check=True, timeout=300)
    command = ["node", script, *arguments]
    found = subprocess.run(command, cwd=folder, check=True, timeout=60, capture_output=True)
    return json.loads(found.stdout)

"""Where things are: all that a benchmark makes goes under `.bench/`."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HOME = ROOT / ".bench"
QUERIES = HERE / "queries"
PEERS = HERE / "peers"
LOGS = HOME / "logs"
RUNS = HOME / "runs"
RESULTS = HERE / "RESULTS.md"


def private(name: str, flags: int) -> int:
    """An opener for what only this account may read."""
    return os.open(name, flags, 0o600)

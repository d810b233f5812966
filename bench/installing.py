"""What the peers need: Node and its packages by npm, Python packages by uv, each by a lock file, under `.bench/`."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.peers import Peer, Runtime
from bench.places import HERE, HOME, PEERS, ROOT

NODE = HOME / "node"
PYTHON = HOME / "python"
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


def install(peers: Iterable[Peer]) -> None:
    """Whatever is missing for `peers`."""
    HOME.mkdir(exist_ok=True)
    demand_wrk()
    runtimes = {peer.runtime for peer in peers}
    if Runtime.NODE in runtimes:
        _install_node()
    if Runtime.PYTHON in runtimes:
        install_python()


def demand_wrk() -> None:
    """The load generator: root gets it from Debian, others are told."""
    if shutil.which("wrk"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update -qq", "apt-get install -y -qq --no-install-recommends wrk"):
            subprocess.run(command.split(), check=True, env=environment, stdout=subprocess.DEVNULL)
        return
    raise SystemExit(
        "bench: the load generator wrk is missing: `apt install wrk`, or your system's own package"
    )


def node() -> Path:
    """The Node that runs the peers, whatever the machine has of its own."""
    machine = _MACHINES[platform.machine()]
    return NODE / "node_modules" / f"node-linux-{machine}" / "bin" / "node"


def python() -> Path:
    """The Python that runs the peers, and draws the plots."""
    return PYTHON / "bin" / "python"


def _install_node() -> None:
    NODE.mkdir(exist_ok=True)
    lock, kept = PEERS / "node" / "package-lock.json", NODE / "package-lock.json"
    is_installed = node().exists() and kept.exists() and kept.read_bytes() == lock.read_bytes()
    sources = [path for path in (PEERS / "node").iterdir() if path != lock or not is_installed]
    for source in sources:  # beside node_modules, where Node looks for packages
        shutil.copy(source, NODE)
    if not is_installed:
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=NODE, check=True)


def install_python() -> None:
    """The environment of the Python peers and the plots."""
    lock, kept = HERE / "requirements.txt", PYTHON / "requirements.txt"
    if kept.exists() and kept.read_bytes() == lock.read_bytes():
        return
    uv = ROOT / ".tools" / "bin" / "uv"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, PYTHON], check=True)
    subprocess.run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, lock], check=True)
    shutil.copy(lock, kept)

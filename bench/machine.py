"""What the machine did meanwhile, read from `/proc`: CPU seconds and memory of processes and of everything."""

import json
import os
import platform
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from statistics import mean

TICK = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError)
_YARDSTICK = [
    {"id": str(number), "content": "This is the post content. " * 20, "n": number / 7}
    for number in range(200)
]


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(*GONE):
                children[_stat(int(entry.name))[0]].append(int(entry.name))
    found = [pid]
    for process in found:
        found += children[process]
    return found


def cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process and its descendants, those that ended included."""
    total = 0
    for process in tree(pid):
        with suppress(*GONE):
            total += sum(_stat(process)[1:])
    return total / TICK


def cpu_of(pids: Iterable[int]) -> dict[int, float]:
    """CPU seconds of each process that is still there."""
    found = {}
    for pid in pids:
        with suppress(*GONE):
            found[pid] = sum(_stat(pid)[1:3]) / TICK
    return found


def cpu_of_machine() -> float:
    """CPU seconds that the whole machine was busy: not idle, nor waiting for a disk, nor taken by its host."""
    user, nice, system, _idle, _wait, irq, softirq, *_ = _fields("/proc/stat")
    return (user + nice + system + irq + softirq) / TICK


def stolen() -> float:
    """CPU seconds that the host of this virtual machine gave to others."""
    return _fields("/proc/stat")[7] / TICK


def resident_mb(pid: int) -> list[float]:
    """Resident memory of a process and of each of its descendants, the largest first."""
    found = []
    for process in tree(pid):
        with suppress(*GONE):
            status = Path(f"/proc/{process}/status").read_text()
            if resident := re.search(r"VmRSS:\s+(\d+)", status):
                found.append(int(resident[1]) / 1024)
    return sorted(found, reverse=True)


def local_ports(pid: int) -> set[int]:
    """The local ports of the TCP sockets of a process and its descendants."""
    sockets = {inode for process in tree(pid) for inode in _sockets(process)}
    lines = [
        line for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    fields = [line.split() for line in lines]
    return {int(field[1].rpartition(":")[2], 16) for field in fields if field[9] in sockets}


def yardstick_ms() -> float:
    """CPU milliseconds of a fixed piece of work: how slow the cores of a shared machine are just now."""
    times = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(15):
            json.loads(json.dumps(_YARDSTICK))
        times.append(time.process_time() - began)
    return min(times) * 1000


def description() -> str:
    """The machine in a line."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", text)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = platform.release().partition("-")[0]
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({model[1] if model else platform.machine()}), {memory:.0f} GiB, Linux {kernel}"


def busy_share(seconds: float = 1.0) -> float:
    """How many cores are busy, over a little while."""
    before, began = cpu_of_machine(), time.monotonic()
    time.sleep(seconds)
    return (cpu_of_machine() - before) / (time.monotonic() - began)


def average(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    found = list(values)
    return mean(found) if found else 0.0


def _stat(pid: int) -> tuple[int, int, int, int, int]:
    """Parent, then clock ticks: user, system, user and system of children that ended."""
    text = Path(f"/proc/{pid}/stat").read_text()
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), int(fields[11]), int(fields[12]), int(fields[13]), int(fields[14])


def _fields(path: str) -> list[int]:
    return [int(field) for field in Path(path).read_text().partition("\n")[0].split()[1:]]


def _sockets(pid: int) -> Iterable[str]:
    with suppress(*GONE):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                link = str(descriptor.readlink())
                if link.startswith("socket:["):
                    yield link[8:-1]

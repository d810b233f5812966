"""What Prometheus is told: counted in memory that a host's workers share, so that each tells it all."""

import os
import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from zorbit.engine.journal import COMPILED, Journal
from zorbit.meters import OTHERS, Table

OPERATIONS = 200
"""Names that are told apart, of the callers who have a token; all others are `(other)`."""
TASK, PERIODIC = "task", "(periodic)"
"""What a server does by the clock is told beside operations; no client can give one that name."""
OUTCOMES = ("ok", "refused", "limited", "unavailable", "fault")
PLACES = {result: place for place, result in enumerate(OUTCOMES)}
BY_CODE = {"INTERNAL_SERVER_ERROR": "fault", "SERVICE_UNAVAILABLE": "unavailable", "RATE_LIMITED": "limited"}
"""All other codes are refusals."""
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of the latency's buckets, in seconds."""
BUCKETS = (*map(str, BOUNDS), "+Inf")
FIRST_BUCKET = len(OUTCOMES)
SECONDS = FIRST_BUCKET + len(BUCKETS)
STATEMENTS, POINTS = SECONDS + 1, SECONDS + 2

PoolState = tuple[str, int, int, int]
"""Name, connections at most, of these in use, requests that wait for one."""


def outcome(journal: Journal) -> str:
    """What became of a request, by the worst that its caller was told."""
    if not journal.codes:
        return "ok"
    found = {BY_CODE.get(code, "refused") for code in journal.codes}
    return max(found, key=OUTCOMES.index)


class Metrics(Collector):
    """The counters of a host's workers; made before they fork."""

    def __init__(self, workers: int) -> None:
        """All begin at nothing."""
        # A lock on a file goes with the process that holds it, however that ends.
        self._lock = tempfile.TemporaryFile() if workers > 1 else None  # noqa: SIM115 - it lives as long as this

        def table(rows: int, *columns: str) -> Table:
            return Table(rows, columns, workers, self._lock)

        self._operations = table(OPERATIONS + 1, *OUTCOMES, *BUCKETS, "seconds", "statements", "points")
        self._queries = table(100, "number")
        self._errors = table(60, "number")
        self._sheds = table(10, "number")
        self._caches = table(3, "miss", "hit")
        self._pools = table(2, "size", "in_use", "waiting")
        self._workers = table(1, "pid", "requests", "running")
        self._tables = (
            self._operations,
            self._queries,
            self._errors,
            self._sheds,
            self._caches,
            self._pools,
            self._workers,
        )
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.be(0)
        self._operations.row(f"{TASK} {PERIODIC}")  # before clients' names have taken them all
        # Looked up once: every request counts here, and to find the cells took it 2 microseconds.
        self._requests = self._workers.row("worker") + self._workers.columns["requests"]
        self._documents, self._plans, self._ids = map(self._caches.row, ("documents", "plans", "persisted"))

    def be(self, worker: int) -> None:
        """Count for the worker of that number, from where a dead one stopped."""
        for table in self._tables:
            table.be(worker)
        self._workers.put("worker", "pid", os.getpid())
        self._workers.put("worker", "requests", 0)

    def shed(self, reason: str) -> None:
        """Count what was turned away, for the server had too much to do."""
        self._sheds.add(reason, "number")

    def record(self, journal: Journal, result: str, seconds: float) -> None:
        """Count a request that was answered."""
        is_told_apart = journal.has_caller and journal.kind
        self._count(f"{journal.kind} {journal.name}" if is_told_apart else OTHERS, journal, result, seconds)
        self._workers.mine[self._requests] += 1
        for code in journal.codes:
            self._errors.add(code, "number")
        caches = self._caches.mine  # of each, misses and then hits
        if journal.kind:
            caches[self._documents + journal.knew_text] += 1
        if journal.knew_plan is not None:
            caches[self._plans + journal.knew_plan] += 1
        if journal.knew_id is not None:
            caches[self._ids + journal.knew_id] += 1
        if journal.answered_by:
            self._queries.add(journal.answered_by, "number")

    def record_task(self, journal: Journal, result: str, seconds: float) -> None:
        """Count a run of a task."""
        self._count(f"{journal.kind} {journal.name}", journal, result, seconds)

    def _count(self, name: str, journal: Journal, result: str, seconds: float) -> None:
        cells, row = self._operations.mine, self._operations.row(name)
        cells[row + PLACES[result]] += 1
        cells[row + FIRST_BUCKET + bisect_left(BOUNDS, seconds)] += 1
        cells[row + SECONDS] += seconds
        cells[row + STATEMENTS] += journal.statements
        cells[row + POINTS] += journal.cost

    def publish(self, running: int, pools: Iterable[PoolState]) -> None:
        """Tell how many operations run in this worker now, and how its pools are."""
        self._workers.put("worker", "running", running)
        for name, size, in_use, waiting in pools:
            self._pools.put(name, "size", size)
            self._pools.put(name, "in_use", in_use)
            self._pools.put(name, "waiting", waiting)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Each metric, of all workers together unless `worker` tells them apart."""
        yield from self._of_operations()
        found = _counter("zorbit_queries", "Queries with a token, by what answered.", "answered_by")
        for reason, (number,) in _named(self._queries):
            found.add_metric([reason if reason == COMPILED else f"resolvers: {reason}"], number)
        yield found
        yield _numbers(self._errors, "zorbit_errors", "Errors that callers were told, by their code.", "code")
        yield _numbers(self._sheds, "zorbit_sheds", "What was turned away under load, by reason.", "reason")
        found = _counter("zorbit_cache_lookups", "Looked up in a cache, and found or not.", "cache", "result")
        for cache, (misses, hits) in _named(self._caches):
            found.add_metric([cache, "hit"], hits)
            found.add_metric([cache, "miss"], misses)
        yield found
        yield from self._of_workers()

    def _of_operations(self) -> Iterator[Metric]:
        requests = _counter("zorbit_operations", "Requests, by outcome.", "operation", "kind", "outcome")
        latency = HistogramMetricFamily(
            "zorbit_operation_seconds", "From a request's head to its answer.", labels=["operation", "kind"]
        )
        statements = _counter("zorbit_sql_statements", "Statements sent.", "operation", "kind")
        points = _counter("zorbit_points", "What operations cost, in points.", "operation", "kind")
        for row, numbers in self._operations.sums():
            kind, _, name = row.rpartition(" ")
            for result, number in zip(OUTCOMES, numbers, strict=False):
                if number:
                    requests.add_metric([name, kind, result], number)
            counts = accumulate(numbers[FIRST_BUCKET:SECONDS])
            buckets = list(zip(BUCKETS, counts, strict=True))
            latency.add_metric([name, kind], buckets, numbers[SECONDS])
            statements.add_metric([name, kind], numbers[STATEMENTS])
            points.add_metric([name, kind], numbers[POINTS])
        yield from (requests, latency, statements, points)

    def _of_workers(self) -> Iterator[Metric]:
        for column, says in (
            ("size", "Connections to PostgreSQL that a pool may have."),
            ("in_use", "Connections of a pool that are lent to a request."),
            ("waiting", "Requests that wait for a connection of a pool."),
        ):
            found = GaugeMetricFamily(f"zorbit_pool_{column}", says, labels=["pool", "worker"])
            for pool, workers in self._pools.each():
                for number, values in enumerate(workers):
                    if pool != OTHERS:
                        found.add_metric([pool, str(number)], values[self._pools.columns[column]])
            yield found
        answered = _counter("zorbit_worker_requests", "Requests that a process answered.", "worker", "pid")
        runs = GaugeMetricFamily("zorbit_worker_running", "Operations that run.", labels=["worker"])
        for name, workers in self._workers.each():
            for number, (pid, requests, running) in enumerate(workers):
                if name != OTHERS and pid:
                    answered.add_metric([str(number), str(int(pid))], requests)
                    runs.add_metric([str(number)], running)
        yield from (answered, runs)


def _counter(name: str, says: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, says, labels=labels)


def _numbers(table: Table, name: str, says: str, label: str) -> Metric:
    found = _counter(name, says, label)
    for value, (number,) in _named(table):
        found.add_metric([value], number)
    return found


def _named(table: Table) -> Iterator[tuple[str, list[float]]]:
    """The rows that anything was counted in."""
    return ((name, numbers) for name, numbers in table.sums() if any(numbers))

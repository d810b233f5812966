"""What a lot of answers come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.hostile.arrivals import Answered

OK = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the requests of a while; latencies are those of the answers that are no refusals, in milliseconds."""

    name: str
    requests: int
    per_second: float
    served: int
    statuses: dict[str, int]
    """Of all others; 0 for no answer."""
    p50_ms: float
    p99_ms: float
    worst_ms: float
    refused_p99_ms: float


def outcome(name: str, answered: Sequence[Answered], seconds: float) -> Outcome:
    """The figures of `seconds`."""
    served = sorted(one.seconds for one in answered if one.status == OK)
    refused = sorted(one.seconds for one in answered if one.status != OK)
    statuses = Counter(str(one.status) for one in answered if one.status != OK)
    return Outcome(
        name,
        len(answered),
        len(answered) / seconds,
        len(served),
        dict(statuses),
        percentile(served, 0.5),
        percentile(served, 0.99),
        percentile(served, 1),
        percentile(refused, 0.99),
    )


def percentile(sorted_seconds: Sequence[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    if not sorted_seconds:
        return 0.0
    return sorted_seconds[min(int(len(sorted_seconds) * share), len(sorted_seconds) - 1)] * 1000

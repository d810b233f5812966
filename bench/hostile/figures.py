"""What a lot of answers come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.hostile.arrivals import Answered
from bench.places import HERE

OK = 200
DATA = HERE / "hostile" / "data"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the requests of a while; latencies in milliseconds, from when a request was due."""

    name: str
    per_second: int
    served: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    refused: dict[str, int]
    """By status; 0 for no answer."""
    refused_p99_ms: float
    refused_worst_ms: float
    well_after_s: float
    """The seconds after which all was as it should be."""


def outcome(name: str, answered: Sequence[Answered], seconds: float, well_after: float = 0.0) -> Outcome:
    """The figures of `seconds`."""
    served = sorted(one.seconds for one in answered if one.status == OK)
    refused = sorted(one.seconds for one in answered if one.status != OK)
    return Outcome(
        name=name,
        per_second=round(len(answered) / seconds),
        served=len(served),
        p50_ms=percentile(served, 0.5),
        p99_ms=percentile(served, 0.99),
        worst_ms=percentile(served, 1),
        refused=dict(Counter(str(one.status) for one in answered if one.status != OK)),
        refused_p99_ms=percentile(refused, 0.99),
        refused_worst_ms=percentile(refused, 1),
        well_after_s=round(well_after, 2),
    )


def percentile(sorted_seconds: Sequence[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    if not sorted_seconds:
        return 0.0
    return round(sorted_seconds[min(int(len(sorted_seconds) * share), len(sorted_seconds) - 1)] * 1000, 2)

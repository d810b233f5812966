"""What `/metrics` tells, taken apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Client


@dataclass(frozen=True)
class Numbers:
    """Every sample, by its name and labels."""

    text: str
    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def of(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that bear these labels."""
        wanted = set(labels.items())
        return sum(value for (one, given), value in self.samples.items() if one == name and wanted <= given)

    def by(self, name: str, label: str) -> dict[str, float]:
        """A metric's sums, by the values of a label."""
        values = {dict(given)[label] for one, given in self.samples if one == name}
        return {value: self.of(name, **{label: value}) for value in values}


def read(text: str) -> Numbers:
    found = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return Numbers(text, found)


async def numbers(client: Client) -> Numbers:
    """What the client's server tells."""
    response = await client.http.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(response.text)

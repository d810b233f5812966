"""What documents say of metrics: each one is told by a server, and each that is told is explained."""

import json
import re
from pathlib import Path

from tests.conftest import Client
from tests.observing.numbers import numbers

DOCS = Path(__file__).resolve().parents[2] / "docs"
DASHBOARD = DOCS / "grafana" / "zorbit.json"
METRIC = re.compile(r"\bzorbit_[a-z_]+")
TYPE = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)


async def families(client: Client) -> dict[str, str]:
    """Each metric's type, by name."""
    return dict(TYPE.findall((await numbers(client)).text))


async def test_the_dashboard_shows_what_there_is(client: Client) -> None:
    told = await families(client)
    series = {
        name + suffix
        for name, kind in told.items()
        for suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))
    }

    dashboard = json.loads(DASHBOARD.read_text())

    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [
        one["query"]["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"
    ]
    assert all(METRIC.search(one) for one in expressions)
    shown = {name for one in expressions for name in METRIC.findall(one)}
    assert shown <= series
    assert {name for name in told if any(one.startswith(name) for one in shown)} == set(told)


async def test_the_operators_guide_explains_every_metric(client: Client) -> None:
    guide = (DOCS / "operations.md").read_text()

    explained = set(re.findall(r"^\| `(zorbit_\w+)`", guide, re.MULTILINE))

    assert explained == set(await families(client))

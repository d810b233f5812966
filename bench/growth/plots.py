"""Draws the curves, as SVG that is the same for the same data; in the peers' environment, which has matplotlib."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from bench.places import HERE, ROOT

DATA = HERE / "growth" / "data"
IMAGES = ROOT / "docs" / "images"
COLOURS = {
    "zorbit": "#b3261e",
    "zorbit-admin": "#b3261e",
    "mercurius-dl": "#1f5fa8",
    "yoga": "#7a4fb0",
    "postgraphile": "#2e7d32",
    "floor": "#555555",
}
STYLES = {"nested": "-", "list": "--", "dashboard": "-.", "point": ":"}
THOUSANDS = mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")


def main() -> None:
    """Every plot whose data is there."""
    mpl.use("svg")
    mpl.rcParams.update(
        {
            "svg.hashsalt": "zorbit",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.size": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#dddddd",
            "lines.markersize": 5,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
        }
    )
    for name, draw in {"rows": rows, "users": users, "workers": workers, "memory": memory}.items():
        path = DATA / f"{name}.json"
        if path.exists():
            draw(json.loads(path.read_text())["points"])


def rows(points: list[dict[str, Any]]) -> None:
    """Seconds by rows, and the same for each row."""
    figure, (whole, each) = plt.subplots(1, 2, figsize=(10, 4))
    for peer, found in _series(points, "peer"):
        look = {"marker": "o", "label": peer, "color": COLOURS[peer]}
        whole.plot([point["x"] for point in found], [point["cpu"] for point in found], **look)
        each.plot(
            [point["x"] for point in found], [1000 * point["cpu"] / point["x"] for point in found], **look
        )
    whole.set(xscale="log", yscale="log", xlabel="rows an answer", ylabel="CPU, ms a request")
    each.set(xscale="log", yscale="log", xlabel="rows an answer", ylabel="CPU, µs a row")
    for axes in (whole, each):
        _plain(axes.xaxis, axes.yaxis)
    whole.legend()
    _save(figure, "rows")


def users(points: list[dict[str, Any]]) -> None:
    """CPU by users in the database, as a multiple of the smallest database's."""
    figure, axes = plt.subplots(figsize=(7, 4))
    for (peer, task), found in _series(points, "peer", "task"):
        look = {"marker": "o", "label": f"{peer}, {task}", "color": COLOURS[peer], "linestyle": STYLES[task]}
        axes.plot(
            [point["x"] for point in found], [point["cpu"] / found[0]["cpu"] for point in found], **look
        )
    axes.set(xscale="log", xlabel="users in the database", ylabel="CPU a request, of that with the fewest")
    axes.set_ylim(bottom=0)
    axes.set_xticks(sorted({point["x"] for point in points}))
    _plain(axes.xaxis)
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, "users")


def workers(points: list[dict[str, Any]]) -> None:
    """CPU and requests a second by processes, as multiples of one process's."""
    figure, panels = plt.subplots(1, 2, figsize=(10, 4))
    labels = {"cpu": "CPU a request", "per_second": "requests a second"}
    for axes, (name, label) in zip(panels, labels.items(), strict=True):
        for task, found in _series(points, "task"):
            look = {"marker": "o", "label": task, "color": COLOURS["zorbit"], "linestyle": STYLES[task]}
            axes.plot(
                [point["x"] for point in found], [point[name] / found[0][name] for point in found], **look
            )
        axes.set(xlabel="processes", ylabel=f"{label}, of one process's")
        axes.set_ylim(bottom=0)
        axes.set_xticks(sorted({point["x"] for point in points}))
    panels[0].legend(loc="lower right")
    _save(figure, "workers")


def memory(points: list[dict[str, Any]]) -> None:
    """Resident memory by requests answered."""
    found = _series(points, "task")
    figure, panels = plt.subplots(1, len(found), figsize=(10, 4), sharey=True, squeeze=False)
    for axes, (task, readings) in zip(panels[0], found, strict=True):
        x, y = ([reading[name] for reading in readings] for name in ("requests", "resident_mb"))
        axes.plot(x, y, color=COLOURS["zorbit"])
        axes.set(xlabel=f"requests answered ({task})", title=task)
        axes.set_ylim(bottom=0)
        _plain(axes.xaxis)
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(5))
    panels[0][0].set_ylabel("resident, MB")
    _save(figure, "memory")


def _series(points: Iterable[dict[str, Any]], *names: str) -> list[tuple[Any, list[dict[str, Any]]]]:
    """The points of each value of `names`, in the order of x."""
    key: Callable[[dict[str, Any]], Any] = lambda point: (  # noqa: E731
        point[names[0]] if len(names) == 1 else tuple(point[name] for name in names)
    )
    groups = defaultdict(list)
    for point in points:
        groups[key(point)].append(point)
    return [(name, sorted(found, key=lambda point: point.get("x", 0))) for name, found in groups.items()]


def _plain(*axes: Any) -> None:
    for axis in axes:
        axis.set_major_formatter(THOUSANDS)


def _save(figure: Any, name: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"growth-{name}.svg"
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    # matplotlib leaves blanks at the ends of lines.
    path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text().splitlines()))
    print(f"drawn: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""Plot the figures of `evaluate`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from export.training.curves import save_figure


def plot_evaluations(runs: dict[str, dict[str, dict[str, Any]]], folder: Path) -> list[Path]:
    """Draw the figures of `evaluate`, {run: {data set: figures}}, to PNG files; runs lie over each other, a panel a set.

    Drawn is what at least one run has: the click curve, clicks needed for IoU 0.90, IoU by region size, alignment by distance.
    """
    drawings: dict[str, tuple[str, Callable[[Axes, str, dict[str, Any], int, int], None]]] = {
        "clicks": ("click_miou", _draw_clicks),
        "noc": ("noc90_histogram", _draw_noc),
        "sizes": ("by_size", _draw_sizes),
        "alignment": ("align_miou", _draw_alignment),
    }
    paths = []
    for name, (key, draw) in drawings.items():
        sets = sorted({data for run in runs.values() for data, figures in run.items() if key in figures})
        if not sets:
            continue
        figure, axes = plt.subplots(1, len(sets), figsize=(5 * len(sets), 4), squeeze=False)
        for axis, data in zip(axes[0], sets, strict=True):
            shown = [(label, run[data]) for label, run in runs.items() if key in run.get(data, {})]
            for number, (label, figures) in enumerate(shown):
                draw(axis, label, figures, number, len(shown))
            axis.set_title(data)
            axis.grid(alpha=0.3)
            axis.legend(fontsize=7)
        paths.append(folder / f"{name}.png")
        save_figure(figure, paths[-1])
    return paths


def _draw_clicks(axis: Axes, label: str, figures: dict[str, Any], _number: int, _count: int) -> None:
    curve = figures["click_miou"]
    (line,) = axis.plot(range(1, len(curve) + 1), curve, marker="o", label=label)
    axis.plot([1], [figures["click1_oracle_miou"]], "^", color=line.get_color(), label=f"{label}: best of 3")
    axis.axhline(figures["box_miou"], color=line.get_color(), linestyle=":", label=f"{label}: box")
    axis.set(xlabel="clicks", ylabel="mean IoU", ylim=(0, 1), xticks=range(1, len(curve) + 1))


def _draw_noc(axis: Axes, label: str, figures: dict[str, Any], number: int, count: int) -> None:
    shares = [*figures["noc90_histogram"], figures["failures20"]]
    width = 0.8 / count
    places = [i + 1 + (number - (count - 1) / 2) * width for i in range(len(shares))]
    axis.bar(
        places, [value / figures["masks"] for value in shares], width, label=f"{label}: mean {figures['noc90']:.2f}"
    )
    last = len(shares)
    axis.set(xlabel="clicks to IoU 0.90", ylabel="share of masks", xticks=[1, 5, 10, 15, last])
    axis.set_xticklabels(["1", "5", "10", "15", "never"])


def _draw_sizes(axis: Axes, label: str, figures: dict[str, Any], number: int, count: int) -> None:
    rows = figures["by_size"]
    names = [f"to {100 * row['share_up_to']:g} %\n{row['masks']} masks" for row in rows]
    width = 0.8 / count
    places = [i + (number - (count - 1) / 2) * width for i in range(len(rows))]
    axis.bar(places, [row.get("click1_miou", 0) for row in rows], width, label=f"{label}: one click")
    axis.plot(places, [row.get("box_miou", 0) for row in rows], "k_", label=None if number else "box")
    axis.set(xlabel="mask's share of the photo", ylabel="mean IoU", ylim=(0, 1), xticks=range(len(rows)))
    axis.set_xticklabels(names, fontsize=7)


def _draw_alignment(axis: Axes, label: str, figures: dict[str, Any], number: int, _count: int) -> None:
    points = [(int(distance), value) for distance, value in figures["align_miou"].items() if value is not None]
    if points:
        axis.plot(*zip(*points, strict=True), marker="o", label=label)
    axis.axhline(figures["align_one_point_miou"], color=f"C{number}", linestyle=":", label=f"{label}: one point")
    axis.set(xlabel="pixels between the two points", ylabel="mean IoU with the teacher", ylim=(0, 1))

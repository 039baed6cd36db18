"""Plot the log of a training run."""

import io
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from export.files import write_whole


def plot_curves(log: list[dict[str, float]], path: Path) -> None:
    """Draw losses and IoU over the photos seen, one line a figure, to a PNG."""
    figure, (losses, ious) = plt.subplots(1, 2, figsize=(11, 4))
    names = sorted({name for entry in log for name in entry} - {"seen"})
    for name in names:
        points = [(entry["seen"], entry[name]) for entry in log if name in entry]
        axis = losses if "loss" in name else ious
        axis.plot(*zip(*points, strict=True), label=name, linewidth=2 if name.startswith("heldout") else 1)
    for axis, title in ((losses, "loss"), (ious, "IoU on the low-res grid")):
        axis.set(xlabel="photos seen", title=title)
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend(fontsize=7)
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a PNG file and close it."""
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    plt.close(figure)
    write_whole(path, buffer.getvalue())

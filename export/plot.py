"""Pictures of figures."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


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
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)

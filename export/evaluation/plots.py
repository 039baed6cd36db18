"""`plots`: the figures of one or more `evaluate --json` files, drawn over each other."""

import json
from pathlib import Path

from export.errors import ExportError
from export.evaluation.plot import plot_evaluations
from export.messages import say


def plots(files: tuple[Path, ...], out: Path) -> None:
    """Draw FILES, written by `evaluate --json`: click curve, NoC histogram, IoU by size, alignment."""
    runs = {}
    for path in files:
        try:
            content = json.loads(path.read_text())
            complete = all("click_miou" in figures for figures in content.values())
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise ExportError(f"Cannot read {path}: {error}") from error
        if not content or not complete:
            raise ExportError(f"{path} holds no figures of `evaluate --json`.")
        runs[path.stem if path.stem not in runs else str(path)] = content
    for drawn in plot_evaluations(runs, out):
        say(f"Wrote {drawn}.")

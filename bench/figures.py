"""docs/benchmarks.json: a row of figures a side, the medians of all rounds."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.browser import SLOW_LINE, Visit
from export.errors import ExportError

Figures = dict[str, Any]
KEYS: dict[str, Callable[[Visit], float]] = {
    "encode_ms": lambda v: round(median(v.encodes), 1),
    "first_encode_ms": lambda v: round(v.first_encode, 1),
    "tap_p50_ms": lambda v: round(median(v.answers["stock"]), 1),
    "tap_p95_ms": lambda v: round(float(np.percentile(v.answers["stock"], 95)), 1),
    "first_mask_s": lambda v: round(v.first_mask / 1000, 2),
    "precise_mask_s": lambda v: round(v.precise_mask / 1000, 2),
    "bytes_first_mask": lambda v: v.first_bytes,
    "bytes_precise_mask": lambda v: v.precise_bytes,
}
SLOW_KEYS = ("first_mask_s", "precise_mask_s")


def summary(rounds: Sequence[dict[str, Visit]], device: str, slow: dict[str, Visit]) -> Figures:
    """The content of benchmarks.json: each figure is the median, over the rounds, of the figure in one round.

    slow: one visit to each side over the slow line.
    """
    sides = {
        key: {name: _number(median(read(visits[key]) for visits in rounds), name) for name, read in KEYS.items()}
        for key in rounds[0]
    }
    over = {key: {name: KEYS[name](visit) for name in SLOW_KEYS} for key, visit in slow.items()}
    return {"device": device, "sides": sides, "slow_line": {"mbit_s": SLOW_LINE, "sides": over}}


def read(path: Path) -> Figures:
    """Read a benchmarks.json; an ExportError says what is wrong with it."""
    try:
        figures: Figures = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise ExportError(f"Cannot read {path}: {error}. `make bench` writes it.") from error
    sides = figures.get("sides")
    if not isinstance(sides, dict) or not sides or any(set(side) != set(KEYS) for side in sides.values()):
        raise ExportError(f"{path} needs these figures for every side: {', '.join(KEYS)}. `make bench` writes them.")
    over = figures.get("slow_line", {}).get("sides", {})
    if set(over) != set(sides) or any(set(side) != set(SLOW_KEYS) for side in over.values()):
        raise ExportError(
            f"{path} needs {' and '.join(SLOW_KEYS)} over a slow line for every side. `make bench` writes them."
        )
    return figures


def _number(value: float, name: str) -> float:
    return int(value) if name.startswith("bytes") else value

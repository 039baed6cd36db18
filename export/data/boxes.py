"""Bounding boxes of masks."""

import numpy as np


def tight_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return x1, y1, x2, y2 of the pixels of a non-empty boolean mask (inclusive)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])

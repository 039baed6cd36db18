"""Writes rle.json: masks with COCO's run lengths, for the page's encoder.

The counts come from export/data/rle.py, which reads what SA-1B stores. Run: python -m tests.golden.make_rle
"""

import json
from pathlib import Path

import numpy as np

from export.data import rle


def pattern(width: int, height: int, modulus: int, below: int) -> np.ndarray:
    """(height, width) bool that any language computes alike."""
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    return (x * x * 3 + y * y * 5 + x * y) % modulus < below


def disc(width: int, height: int, radius: int) -> np.ndarray:
    """(height, width) bool: a disc in the middle, cut off by short sides."""
    x, y = np.arange(width)[None] * 2 - width, np.arange(height)[:, None] * 2 - height
    return x * x + y * y < 4 * radius * radius


def case(name: str, mask: np.ndarray) -> dict[str, object]:
    """A mask as rows of digits, and what is known of it."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *edges, len(flat)]).tolist()
    lengths = [0, *runs] if flat[0] else runs
    counts = rle.compress(lengths)
    assert np.array_equal(rle.mask(rle.runs(counts), *mask.shape), mask)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1] if len(rows) else None
    return {
        "name": name,
        "rows": ["".join("01"[int(value)] for value in row) for row in mask],
        "counts": counts,
        "area": int(mask.sum()),
        "bbox": box and [int(value) for value in box],
    }


def main() -> None:
    one = np.zeros((7, 5), bool)
    one[6, 4] = True
    cases = [
        case("empty", np.zeros((4, 3), bool)),
        case("full", np.ones((4, 3), bool)),
        case("the last pixel", one),
        case("two columns that touch at bottom and top", np.eye(2, dtype=bool)[::-1]),
        case("stripes", np.tile([[True, False]], (6, 4))),
        case("a pattern", pattern(23, 17, 97, 40)),
        case("a sparse pattern", pattern(40, 31, 211, 3)),
        case("a disc", disc(90, 60, 24)),
        case("a disc that is cut off", disc(120, 40, 33)),
    ]
    path = Path(__file__).with_name("rle.json")
    path.write_text(json.dumps({"cases": cases}, indent=1) + "\n")
    print(f"{path.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()

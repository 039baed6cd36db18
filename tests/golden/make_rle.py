"""Writes rle.json: masks with COCO's run lengths, for the page's encoder.

The counts come from pycocotools, COCO's own code. Run: python -m tests.golden.make_rle [--check]
"""

import json
import sys
from pathlib import Path

import numpy as np
from pycocotools import mask as coco


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
    encoded = coco.encode(np.asfortranarray(mask, np.uint8))
    area = int(coco.area(encoded))
    return {
        "name": name,
        "rows": ["".join("01"[int(value)] for value in row) for row in mask],
        "counts": encoded["counts"].decode(),
        "area": area,
        "bbox": [int(value) for value in coco.toBbox(encoded)] if area else None,
    }


def main() -> None:
    """Write the file; with --check, say whether it is what pycocotools gives."""
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
    text = json.dumps({"cases": cases}, indent=1) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if path.read_text() == text else f"{path.name} is not what pycocotools gives")
    path.write_text(text)
    print(f"{path.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()

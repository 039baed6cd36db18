"""Writes look_again.json: where a small thing is looked at again, how grids and prompts are moved there, and which answer stays.

A second, plain implementation of the rule in docs/architecture.md, one cell at a time, so that neither the page nor Python can
drift alone. Run: python -m tests.golden.make_look_again
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.make_geometry import letterbox
from tests.golden.make_prompts import blob, logits

PADDING, LEAST, LARGEST, OVERLAP, AGREEMENT, WEIGHT, OUTSIDE = 3, 64, 0.5, 0.1, 0.5, 2, -1.0
GRID = 16


def frame(size: tuple[int, int]) -> list[float]:
    """What the model frame covers of a photo and beyond it: x, y, width, height in photo pixels."""
    side = 4 * GRID
    new_width, new_height = letterbox(*size, side)
    return [0, 0, side * size[0] / new_width, side * size[1] / new_height]


def region(size: tuple[int, int], box: list[float], padding: float = PADDING) -> list[int] | None:
    """The square around a box as x, y, side; None where it would be too large."""
    left, top, right, bottom = (math.floor(value) for value in box)
    longer = max(right - left, bottom - top) + 1
    side = max(math.ceil(padding * longer), LEAST)
    if side > LARGEST * max(size) or side > min(size):
        return None
    x, y = math.floor((left + right + 1 - side) / 2), math.floor((top + bottom + 1 - side) / 2)
    return [min(max(x, 0), size[0] - side), min(max(y, 0), size[1] - side), side]


def read(grid: np.ndarray, covers: list[float], x: float, y: float) -> float:
    """The logit at a place of the photo, between the centres of four cells; at the edge, that of the last cell."""

    def cells(at: float, start: float, length: float) -> tuple[int, int, float]:
        position = min(max((at - start) / (length / GRID) - 0.5, 0), GRID - 1)
        low = min(int(position), GRID - 2)
        return low, low + 1, position - low

    left, right, across = cells(x, covers[0], covers[2])
    above, below, down = cells(y, covers[1], covers[3])
    top = grid[above, left] * (1 - across) + grid[above, right] * across
    bottom = grid[below, left] * (1 - across) + grid[below, right] * across
    return float(top * (1 - down) + bottom * down)


def moved(
    size: tuple[int, int], mask: dict[str, float], source: list[int] | None, target: list[int] | None
) -> dict[str, Any]:
    """A blob's grid over one region (None: the frame) at some cells of another one's grid."""
    covers, rect = ([*r, r[2]] if r else frame(size) for r in (source, target))
    cells = [[0, 0], [7, 9], [8, 3], [15, 15]]
    places = [(rect[0] + (c + 0.5) * rect[2] / GRID, rect[1] + (r + 0.5) * rect[3] / GRID) for c, r in cells]
    values = [read(logits(mask, GRID), covers, x, y) for x, y in places]
    return {"size": size, "mask": mask, "from": source, "to": target, "cells": cells, "values": values}


def box(size: tuple[int, int], mask: dict[str, float]) -> dict[str, Any]:
    """The pixels that a blob over the model frame touches, one pixel after the other."""
    inside = logits(mask, GRID) > 0
    _, _, width, height = frame(size)
    touched = {
        axis: [
            pixel
            for pixel in range(length)
            if any(
                line.any() and cell * whole / GRID < pixel + 1 and (cell + 1) * whole / GRID > pixel
                for cell, line in enumerate(lines)
            )
        ]
        for axis, length, whole, lines in (("x", size[0], width, inside.T), ("y", size[1], height, inside))
    }
    x, y = touched["x"], touched["y"]
    return {"size": size, "mask": mask, "box": [x[0], y[0], x[-1], y[-1]] if x and y else None}


def sealed(size: tuple[int, int], place: list[int]) -> dict[str, Any]:
    """Which cells of a region's grid of ones become nothing."""
    x, y, side = place
    edges = [x > 0, y > 0, x + side < size[0], y + side < size[1]]
    last = GRID - 1
    cells = [
        [column, row]
        for row in range(GRID)
        for column in range(GRID)
        if any(
            edge and at for edge, at in zip(edges, (column == 0, row == 0, column == last, row == last), strict=True)
        )
    ]
    return {"size": size, "region": place, "outside": OUTSIDE, "cells": cells}


def whole(size: tuple[int, int], place: list[int], mask: dict[str, float]) -> dict[str, Any]:
    """Whether a blob in a region ends before the region does: it has cells, and none that `sealed` would close."""
    inside = logits(mask, GRID) > 0
    closed = sealed(size, place)["cells"]
    ends = bool(inside.any()) and not any(inside[row, column] for column, row in closed)
    return {"size": size, "region": place, "mask": mask, "whole": ends}


def agreement(first: dict[str, float], second: dict[str, float]) -> dict[str, Any]:
    """IoU of two blobs."""
    a, b = logits(first, GRID) > 0, logits(second, GRID) > 0
    either = int((a | b).sum())
    return {"first": first, "second": second, "iou": int((a & b).sum()) / either if either else 0.0}


def main() -> None:
    """Write the file."""
    wide, tall, small = (640, 480), (333, 500), (120, 90)
    boxes = [
        [300, 200, 330, 215],
        [0, 0, 9, 4],
        [600, 440, 639, 479],
        [100, 100, 227, 140],
        [100, 100, 228, 140],
        [10.5, 20.25, 40.75, 30],
    ]
    regions = [
        {"size": size, "box": each, "region": region(size, each)}
        for size in (wide, tall, small)
        for each in boxes
        if each[2] < size[0]
    ]
    spot, edge, nothing = blob(7.5, 5, 9, 0.25, 0), blob(0, 12, 4, 1, 0), blob(7.5, 5, 0, 1, 0)
    padding = blob(8, 14.5, 2, 1, 0)
    content = {
        "rule": {
            "padding": PADDING,
            "least": LEAST,
            "largest": LARGEST,
            "overlap": OVERLAP,
            "agreement": AGREEMENT,
            "weight": WEIGHT,
            "outside": OUTSIDE,
        },
        "regions": regions,
        "views": [
            {"size": size, "box": each, "padding": padding, "region": region(size, each, padding)}
            for size, each, padding in (
                (wide, [200, 100, 519, 339], 1),
                (wide, [200, 100, 520, 339], 1),
                (wide, [0.5, 99.75, 119, 339], 1),
                (wide, [600, 440, 639, 479], 1),
                (tall, [40, 60, 288, 200], 1),
                (tall, [300, 200, 330, 215], 2.5),
                (wide, [100, 100, 227, 140], 2.5),
                (wide, [100, 100, 228, 140], 2.5),
                (small, [10, 10, 20, 20], 1),
            )
        ],
        "holds": [
            {
                "region": [10, 20, 64],
                "box": each,
                "held": each[0] >= 10 and each[1] >= 20 and each[2] < 74 and each[3] < 84,
            }
            for each in ([10, 20, 73, 83], [9, 20, 30, 30], [10, 19, 30, 30], [10, 20, 74, 30], [10, 20, 30, 84])
        ],
        "boxes": [box(size, mask) for size in (wide, tall) for mask in (blob(7.5, 5, 3, 1, 0), edge, nothing, padding)],
        "moved": [
            moved(wide, spot, None, [200, 100, 160]),
            moved(wide, spot, [200, 100, 160], None),
            moved(tall, spot, [0, 0, 64], [30, 30, 100]),
            moved(tall, edge, None, [0, 250, 200]),
        ],
        "sealed": [sealed(wide, place) for place in ([0, 0, 100], [100, 50, 100], [540, 380, 100], [0, 200, 100])],
        "whole": [
            whole(wide, place, mask)
            for place in ([100, 50, 100], [0, 200, 100], [540, 380, 100])
            for mask in (
                blob(7.5, 7.5, 7, 1, 0),
                blob(7.5, 7.5, 7.75, 1, 0),
                blob(0, 7, 4, 1, 0),
                blob(15, 15, 2, 1, 0),
                nothing,
            )
        ],
        "whole_ones": [
            {"whole": [True, True, False], "best": 1, "places": [0, 1, None]},
            {"whole": [True, False, True], "best": 1, "places": [None, None, None]},
            {"whole": [True], "best": 0, "places": [0]},
        ],
        "agreement": [agreement(spot, blob(8.5, 5, 9, 0.25, 0)), agreement(spot, edge), agreement(nothing, nothing)],
        "chosen": [
            {"fits": fits, "predicted": predicted, "least": least, "chosen": which}
            for fits, predicted, least, which in (
                ([0.2, 0.9, 0.6], [0.5, 0.5, 0.5], 0.5, 1),
                ([0.5, 0.75, 0.25], [1.0, 0.25, 2.0], 0.5, 0),
                ([0.5, 0.5, 0.25], [0.5, 0.5, 0.5], 0.5, 0),
                ([0.05, 0.125, 0.09], [0.99, 0.1, 0.99], 0.1, 1),
                ([0.05, 0.02, 0.09], [0.99, 0.1, 0.99], 0.1, None),
                ([0.6], [0.1], 0.5, 0),
            )
        ],
        "prompts": [
            {
                "region": [100, 50, 64],
                "points": [[110, 60, 1], [101.5, 113, 0]],
                "box": [104, 52, 140, 90],
                "points_in": [[10.5, 10.5, 1], [2, 63.5, 0]],
                "box_in": [4, 2, 41, 41],
            }
        ],
    }
    path = Path(__file__).with_name("look_again.json")
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(path.name)


if __name__ == "__main__":
    main()

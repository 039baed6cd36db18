"""Writes candidates.json, feeds.json and everything.json: what a decoder is asked, and which of its answers are kept.

A second, plain implementation of the rules in docs/architecture.md and docs/evaluation.md, one mask and one cell at a time, so
that neither the page nor Python can drift alone. Run: python -m tests.golden.make_prompts
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.make_geometry import letterbox

SAM_BAR = (0.88, 0.95)
BARS = [SAM_BAR, (0.8, 0.9), (0.7, 0.85), (0.6, 0.8), (0.5, 0.7), (0.4, 0.6), (0.35, 0.6)]


def candidates(ious: list[float], lone_point: bool) -> dict[str, Any]:
    """The tokens on offer and the index of the preselected one; of equals the lower token comes first."""
    if len(ious) == 1:
        tokens, best = [0], 0
    elif lone_point:
        tokens = [1, 2, 3]
        best = max((0, 1, 2), key=lambda i: (ious[tokens[i]], -i))
    else:
        worst = min((1, 2, 3), key=lambda token: (ious[token], -token))
        first, second = (token for token in (1, 2, 3) if token != worst)
        tokens, best = ([0, second, first] if ious[second] > ious[first] else [0, first, second]), 0
    return {"ious": ious, "lone_point": lone_point, "tokens": tokens, "best": best}


def feeds(
    size: tuple[int, int], input_size: int, points: list[list[float]], box: list[float] | None, mask: bool
) -> dict[str, Any]:
    """A prompt in image pixels, points as x, y, label, and the tensors that the decoder gets for it."""
    new_width, new_height = letterbox(*size, input_size)
    corners = [[*box[:2], 2], [*box[2:], 3]] if box else []
    coords = [[x * (new_width / size[0]), y * (new_height / size[1])] for x, y, _ in [*points, *corners]]
    labels = [label for _, _, label in [*points, *corners]]
    if not box:
        coords, labels = [*coords, [0, 0]], [*labels, -1]
    return {
        "width": size[0],
        "height": size[1],
        "input_size": input_size,
        "points": points,
        "box": box,
        "mask": mask,
        "point_coords": np.float32(coords).astype(float).tolist(),
        "point_labels": labels,
        "mask_input": [1, 1, input_size // 4, input_size // 4],
        "has_mask_input": int(mask),
    }


def blob(x: float, y: float, radius: float, steepness: float, iou: float) -> dict[str, float]:
    """A mask whose logit in cell (column, row) is steepness · (radius² − (column − x)² − (row − y)²): exact in float32."""
    return {"x": x, "y": y, "radius": radius, "steepness": steepness, "iou": iou}


def logits(mask: dict[str, float], grid: int) -> np.ndarray:
    """The low-res logits (grid, grid) of a blob."""
    row, column = np.mgrid[:grid, :grid]
    inside = mask["radius"] ** 2 - (column - mask["x"]) ** 2 - (row - mask["y"]) ** 2
    return mask["steepness"] * inside


def first_edge(lines: np.ndarray) -> float:
    """Where along the last axis of logits anything becomes positive, cell i covering i … i + 1."""
    for i in range(lines.shape[1]):
        if (lines[:, i] > 0).any():
            if not i:
                return 0.0
            steps = [
                here / (here - before) for before, here in zip(lines[:, i - 1], lines[:, i], strict=True) if here > 0
            ]
            return float(i + 0.5 - max(steps))
    raise ValueError("the mask is empty")


def judged(mask: dict[str, float], grid: int, rows: int, columns: int) -> dict[str, Any] | None:
    """Stability and box of a mask, from the cells that show the photo; None if it is empty."""
    cells = logits(mask, grid)[:rows, :columns]
    if not (cells > 0).any():
        return None
    stability = np.count_nonzero(cells > 1) / np.count_nonzero(cells > -1)
    x1, y1 = first_edge(cells), first_edge(cells.T)
    x2, y2 = columns - first_edge(cells[:, ::-1]), rows - first_edge(cells.T[:, ::-1])
    return {"predicted_iou": mask["iou"], "stability": stability, "box": [x1, y1, x2, y2]}


def box_iou(a: list[float], b: list[float]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, width) * max(0, height)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def kept(found: list[dict[str, Any]], bar: tuple[float, float], overlap: float) -> list[dict[str, Any]]:
    """The masks above a bar, best predicted IoU first, without those whose box overlaps a better one's."""
    left: list[dict[str, Any]] = []
    for mask in sorted(found, key=lambda mask: (-mask["predicted_iou"], mask["tap"], mask["token"])):
        good = mask["predicted_iou"] > bar[0] and mask["stability"] >= bar[1]
        if good and all(box_iou(mask["box"], better["box"]) <= overlap for better in left):
            left.append(mask)
    return left


def everything() -> dict[str, Any]:
    """Nine taps on a photo of 96 × 64 in a frame of 64: the decoder's answers, made up, and what is left of them."""
    width, height, input_size, side = 96, 64, 64, 3
    grid = input_size // 4
    new_width, new_height = letterbox(width, height, input_size)
    columns, rows = ((pixels + 1) // 4 for pixels in (new_width, new_height))
    wide = blob(7.5, 5.25, 20, 1, 0.99)  # token 0's: for prompts of more than a point, so never kept
    small, next_to_it = blob(3.25, 3, 2.5, 4, 0.95), blob(3.5, 3, 2.5, 4, 0.9)
    answers = [
        [wide, small, blob(3.25, 3, 5, 4, 0.93), blob(12, 2.5, 2, 8, 0.885)],
        [wide, next_to_it, small, blob(7.5, 5, 40, 2, 0.97)],  # two duplicates, and the whole photo
        [
            wide,
            blob(12, 2.5, 2.25, 8, 0.885),
            blob(12, 14, 2, 8, 0.99),
            blob(1, 9, 3, 0.125, 0.99),
        ],  # equals; below the photo; blurred
        [wide, blob(4, 8, 2.25, 0.75, 0.81), blob(8, 8, 1.75, 2, 0.79), blob(12, 8, 2.25, 1, 0.72)],
        [wide, blob(8, 3, 1.5, 2, 0.62), blob(9, 3, 1.5, 2, 0.61), blob(14, 8, 1.25, 4, 0.55)],
        [wide, blob(1, 1, 1.25, 4, 0.45), blob(15, 0, 1.5, 4, 0.38), blob(0, 9, 1.5, 4, 0.36)],
        [
            wide,
            blob(5, 5, 0.25, 4, 0.9),
            blob(5.5, 5.5, 0.5, 4, 0.9),
            blob(5, 5, 2, 4, 0.35),
        ],  # a cell; nothing; too bad for all
        [
            blob(10, 6, 3, 1, 0.88),
            blob(10, 6, 3, 2, 0.88),
            blob(10, 5.5, 3, 2, 0.88),
            blob(2, 6, 2, 2, 0.5),
        ],  # at the threshold
        [wide, small, small, small],
    ]
    found = [
        {"tap": tap, "token": token, **seen}
        for tap, masks in enumerate(answers)
        for token, mask in enumerate(masks)
        if token and (seen := judged(mask, grid, rows, columns))
    ]
    places = [(i + 0.5) / side for i in range(side)]
    cases = []
    for bars, enough, overlap in [
        ([SAM_BAR], 8, 0.7),
        ([SAM_BAR], 8, 0.99),
        ([(0.5, 0.6)], 1, 0.3),
        (BARS, 4, 0.7),
        (BARS, 8, 0.7),
        (BARS, 99, 0.7),
    ]:
        for bar in bars:
            left = kept(found, bar, overlap)
            if len(left) >= enough:
                break
        cases.append(
            {
                "bars": bars,
                "enough": enough,
                "overlap": overlap,
                "bar": bar,
                "kept": [[mask["tap"], mask["token"]] for mask in left],
            }
        )
    return {
        "width": width,
        "height": height,
        "input_size": input_size,
        "points_per_side": side,
        "ladder": BARS,
        "cells": [columns, rows],
        "taps": [[x * width, y * height] for y in places for x in places],
        "answers": answers,
        "found": found,
        "cases": cases,
    }


def main() -> None:
    """Write the three files."""
    ious = [
        [0.99, 0.2, 0.8, 0.5],
        [0.1, 0.9, 0.3, 0.8],
        [0.4, 0.1, 0.2, 0.3],
        [0.5, 0.5, 0.5, 0.5],
        [0, 0.3, 0.7, 0.7],
        [0, 0.7, 0.3, 0.7],
        [0.6],
    ]
    one, two = [300, 100, 1], [2.5, 4, 0]
    prompts: list[tuple[list[list[float]], list[float] | None, bool]] = [
        ([one], None, False),
        ([one, two], None, True),
        ([], [10, 20, 600, 400], False),
        ([one, two], [10, 20, 600, 400], True),
    ]
    sizes = [(640, 480, 320), (333, 500, 1024), (1, 900, 320)]
    files = {
        "candidates": {"cases": [candidates(each, lone) for each in ious for lone in (True, False)]},
        "feeds": {
            "cases": [feeds((width, height), size, *prompt) for width, height, size in sizes for prompt in prompts],
            "lone_points": [
                feeds((333, 500), 320, [[*point, 1]], None, False) for point in [(0, 0), (166.5, 250), (332, 499)]
            ],
        },
        "everything": everything(),
    }
    for name, content in files.items():
        path = Path(__file__).with_name(f"{name}.json")
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(path.name)


if __name__ == "__main__":
    main()

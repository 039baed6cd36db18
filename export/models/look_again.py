"""When a photo is looked at again, and where: the rule that `web/src/engine/core/lookAgain.ts` has too.

It is looked at again around what is small, or in the view that the person has zoomed in to. tests/golden/look_again.json holds
both programs to it. A grid of logits covers a rectangle of the photo: the first look's the model frame, the second look's a
square region of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

Rect = tuple[float, float, float, float]  # x, y, width, height in photo pixels, continuous
Box = tuple[float, float, float, float]  # x1, y1, x2, y2: indices of pixels, both inside

PADDING = 3  # side of a region, by the longer side of what it is cut around
LEAST = 64  # pixels of a side
LARGEST = 0.5  # of the photo's longer side; a larger region gains too little
OVERLAP = 0.1  # least IoU of the answer to what was meant with the first one
AGREEMENT = 0.5  # the same for the other candidates
WEIGHT = 2  # of that IoU beside the predicted one, where several could be meant
OUTSIDE = -1.0  # the largest logit of cells at a region's edge: beyond it, the object does not go on
RULE = (
    f"a region of {PADDING} times the longer side of the answer's box (or the person's) with all points, at least {LEAST} "
    f"pixels, where it is at most {LARGEST} of the photo's longer side; to a lone point, of its "
    f"candidates the one with the largest predicted IoU + {WEIGHT} × IoU with the first answer; to more than that, token 0 with "
    f"the first answer as mask prompt; it replaces the first answer where their IoU is at least {OVERLAP}"
)
VIEW_RULE = (
    "a view of {factor:g} times the longer side of the mask's box around it, where it is at most "
    f"{LARGEST} of the photo's longer side; where look_again_rule gives no region and the view holds the whole prompt, the "
    "view is the region: its preselected mask replaces the first answer where it ends before the view does"
)


@dataclass(frozen=True)
class Region:
    """A square of the photo, in whole pixels."""

    x: int
    y: int
    side: int

    @property
    def rect(self) -> Rect:
        return (self.x, self.y, self.side, self.side)

    def holds(self, hull: Box) -> bool:
        """Whether every pixel of the box is in it."""
        x1, y1, x2, y2 = hull
        return self.x <= x1 and self.y <= y1 and x2 < self.x + self.side and y2 < self.y + self.side

    def points(self, points: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        """Points as they read inside: the middles of their pixels, because a pixel takes several of the model's."""
        return tuple((x - self.x + 0.5, y - self.y + 0.5) for x, y in points)

    def box(self, box: Box) -> Box:
        """A box as it reads inside: its outer edges."""
        x1, y1, x2, y2 = box
        return x1 - self.x, y1 - self.y, x2 + 1 - self.x, y2 + 1 - self.y


def hull(points: Iterable[tuple[float, float]], *boxes: Box | None) -> Box | None:
    """The smallest box that holds all points and boxes; None for nothing."""
    corners = [*points, *(corner for box in boxes if box for corner in (box[:2], box[2:]))]
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def box_of(grid: np.ndarray, covers: Rect, width: int, height: int, threshold: float = 0.0) -> Box | None:
    """The box of the photo's pixels that a mask touches, given as logits (G, G) over a rectangle; None where it touches none."""

    def extent(cells: np.ndarray, start: float, length: float, most: int) -> tuple[int, int] | None:
        cell = length / len(grid)
        low, high = int(np.floor(start + cells[0] * cell)), int(np.ceil(start + (cells[-1] + 1) * cell)) - 1
        return (max(low, 0), min(high, most - 1)) if low < most and high >= 0 else None

    inside = grid > threshold
    if not inside.any():
        return None
    columns = extent(np.flatnonzero(inside.any(0)), covers[0], covers[2], width)
    rows = extent(np.flatnonzero(inside.any(1)), covers[1], covers[3], height)
    return (columns[0], rows[0], columns[1], rows[1]) if columns and rows else None


def region_around(box: Box, width: int, height: int, padding: float = PADDING) -> Region | None:
    """The region to look at again for what lies in `box`, in a photo of width × height; None where it would gain too little.

    padding: its side, by the longer side of the box.
    """
    x1, y1, x2, y2 = (int(np.floor(value)) for value in box)
    side = max(int(np.ceil(padding * (max(x2 - x1, y2 - y1) + 1))), LEAST)
    if side > LARGEST * max(width, height) or side > min(width, height):
        return None
    x, y = (x1 + x2 + 1 - side) // 2, (y1 + y2 + 1 - side) // 2
    return Region(min(max(x, 0), width - side), min(max(y, 0), height - side), side)


def resample(grid: np.ndarray, covers: Rect, rect: Rect) -> np.ndarray:
    """Read a grid of logits (G, G) that covers one rectangle at the cells of a grid as large over another, bilinearly.

    Beyond the first rectangle the values at its edge go on.
    """
    size = len(grid)

    def axis(
        start: float, length: float, new_start: float, new_length: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        at = new_start + (np.arange(size) + 0.5) * (new_length / size)
        position = np.clip((at - start) * (size / length) - 0.5, 0, size - 1)
        low = np.floor(position).astype(int)
        return low, np.minimum(low + 1, size - 1), position - low

    left, right, part_x = axis(covers[0], covers[2], rect[0], rect[2])
    above, below, part_y = axis(covers[1], covers[3], rect[1], rect[3])
    rows = grid[above] * (1 - part_y[:, None]) + grid[below] * part_y[:, None]
    return (rows[:, left] * (1 - part_x) + rows[:, right] * part_x).astype(np.float32)


def inner_edges(grid: np.ndarray, region: Region, width: int, height: int) -> list[np.ndarray]:
    """The outermost rows and columns (…, G) of a region's grid (…, G, G), except along the photo's own edges; they are views."""
    edges = (
        (grid[..., :, 0], region.x > 0),
        (grid[..., 0, :], region.y > 0),
        (grid[..., :, -1], region.x + region.side < width),
        (grid[..., -1, :], region.y + region.side < height),
    )
    return [edge for edge, inside in edges if inside]


def sealed(grid: np.ndarray, region: Region, width: int, height: int) -> np.ndarray:
    """A region's grid (…, G, G) with its outermost cells outside of the mask, except along the photo's own edges."""
    out = grid.copy()
    for edge in inner_edges(out, region, width, height):
        np.minimum(edge, OUTSIDE, out=edge)
    return out


def is_whole(grid: np.ndarray, region: Region, width: int, height: int, threshold: float = 0.0) -> bool:
    """Whether a region's logits (G, G), before they are sealed, show something that ends before the region does.

    Where the photo itself ends, it may be cut.
    """
    inside = grid > threshold
    return bool(inside.any()) and not any(edge.any() for edge in inner_edges(inside, region, width, height))


def view_for(view: Region | None, points: Iterable[tuple[float, float]], box: Box | None) -> Region | None:
    """The view, where it holds all of a prompt's points and its box: then it is a region to look at again."""
    asked = hull(points, box)
    return view if view and asked and view.holds(asked) else None


def whole_ones(whole: Sequence[bool], best: int) -> list[int | None]:
    """Which of a view's masks take the places of the first answer's: each that is whole that of the same number.

    None: the first answer's stays, as all of them do where the view's best one is not whole.
    """
    return [i if each and whole[best] else None for i, each in enumerate(whole)]


def agreement(first: np.ndarray, second: np.ndarray, threshold: float = 0.0) -> float:
    """IoU of two masks given as logits (G, G) on one grid; 0 when both are empty."""
    a, b = first > threshold, second > threshold
    union = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / union if union else 0.0


def chosen(fits: Sequence[float], predicted: Sequence[float], least: float) -> int | None:
    """Which of the second look's masks takes an answer's place, by IoU with that answer and predicted IoU; None: none fits."""
    able = [i for i, fit in enumerate(fits) if fit >= least]
    return max(able, key=lambda i: predicted[i] + WEIGHT * fits[i], default=None)

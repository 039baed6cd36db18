"""Where to tap, when all masks of a photo are looked for: few of a lattice of places, each chosen by what the others found.

Every third place of every third row is the start. Then, round by round, the middle of each mask that was found, best mask
first: the tap that found it may have lain at its edge, where the answer is worse. When all middles have been tapped, what
is left goes into the widest gaps between the taps. web/src/engine/core/places.ts follows the same rules;
tests/golden/places.json holds both to them.

A place is a number, row by row; place (row, column) of n × n lies at ((column + 0.5) / n, (row + 0.5) / n) of the photo.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt

STEP = 3  # of the start


def start(side: int, most: int) -> list[int]:
    """The places of side × side to begin with; all of them where `most` taps suffice for that."""
    if side * side <= most:
        return list(range(side * side))
    some = range(STEP // 2, side, STEP)
    return [row * side + column for row in some for column in some][:most]


def held(logits: torch.Tensor, side: int) -> np.ndarray:
    """Which places masks hold, (N, side²) bool: those in whose cell the logits (N, h, w) of the photo are positive."""
    rows, columns = (((2 * np.arange(side) + 1) * cells) // (2 * side) for cells in logits.shape[1:])
    return (logits[:, rows[:, None], columns] > 0).flatten(1).numpy()


def further(masks: np.ndarray, tapped: Iterable[int], side: int, most: int) -> list[int]:
    """Up to `most` places for the next round, given what the found masks hold, (N, side²) bool, best first, and all taps so far."""
    done = set(tapped)
    wanted: list[int] = []
    for place in _middles(masks, side):
        if len(wanted) < most and place not in done:
            done.add(place)
            wanted.append(place)
    return wanted or _gaps(sorted(done), side, most)


def _middles(masks: np.ndarray, side: int) -> Iterator[int]:
    """Of each mask that holds a place: the one farthest from its edge, the photo's border counting as edge."""
    for mask in masks[masks.any(1)]:
        depth = distance_transform_edt(np.pad(mask.reshape(side, side), 1))[1:-1, 1:-1]
        yield int(depth.argmax())


def _gaps(tapped: list[int], side: int, most: int) -> list[int]:
    """One after the other, the place that is farthest from every tap."""
    row, column = np.divmod(np.arange(side * side), side)
    distance = np.full(side * side, 2 * side * side)  # squared
    wanted: list[int] = []
    for place in tapped:
        distance = np.minimum(distance, (row - row[place]) ** 2 + (column - column[place]) ** 2)
    for _ in range(min(most, side * side - len(tapped))):
        wanted.append(int(distance.argmax()))
        distance = np.minimum(distance, (row - row[wanted[-1]]) ** 2 + (column - column[wanted[-1]]) ** 2)
    return wanted

"""COCO's run-length masks: the compressed string that SA-1B stores, and its runs."""

from collections.abc import Iterable, Sequence

import numpy as np


def runs(counts: str) -> list[int]:
    """Decode a compressed `counts` string to its run lengths, which begin with zeros.

    Every number is written in groups of five bits, lowest first, as characters from "0" (48) on; bit 5 of a group says that more
    follow, and bit 4 of the last one is the sign. From the fourth number on, it is the difference to the one two before.
    """
    found: list[int] = []
    value = shift = 0
    for character in counts:
        group = ord(character) - 48
        if not 0 <= group < 64:
            raise ValueError(f"{character!r} does not occur in run-length counts")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        found.append(value + (found[-2] if len(found) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("the counts end within a number")
    return found


def mask(lengths: Sequence[int], height: int, width: int) -> np.ndarray:
    """Run lengths, down the columns, → (height, width) bool."""
    if min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise ValueError(f"the runs cover {sum(lengths)} pixels, not {height} × {width}")
    flat = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return flat.reshape(width, height).T


def compress(lengths: Iterable[int]) -> str:
    """The inverse of `runs`."""
    text, earlier = "", list[int]()
    for length in lengths:
        value = length - (earlier[-2] if len(earlier) > 2 else 0)
        earlier.append(length)
        more = True
        while more:
            group = value & 31
            value >>= 5
            more = value != (-1 if group & 16 else 0)
            text += chr(48 + (group | 32 if more else group))
    return text

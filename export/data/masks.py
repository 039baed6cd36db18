"""Mask files: object ids as we write them, and what other tools write in their place. docs/masks.md says it for users.

A file is one of: a map of object ids (few values, in solid areas), one object with hard or soft edges (values that climb from one
level to another), or neither, which is an error. Which, is told from the pixels: how they are stored says little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from export.data.colours import levels
from export.data.decoded import UNREADABLE, upright
from export.data.parts import SampleError

MAX_IDS = 255  # a layer is uint8, and 0 is no object
FEW = 16  # values; with fewer, every one that is neither the least nor the most may be of an edge
NEAR = 1 / 16  # of the range: what lies this close to an end belongs to it, as after JPEG
CLIMBING = (
    0.5  # of the pixels between the ends have a lower and a higher neighbour, where these are the edges of one object
)
DARK = 0.25  # of an object's brightness is the most that what lies around it may have
AT_ENDS = 0.5  # of all pixels, in a mask of one object
BETWEEN = 0.25  # of the bright pixels of a file with losses may be darker than an object, unless they climb
NOISY_AT_ENDS = 0.9  # the same, where a lossy file may have been saved as PNG
SCATTERED = 0.1  # of the pixels that are not at the ends lie in an even area, in such a file
BRIGHT = 64  # ids are counted from 1: where few values occur, the largest must be this large to be a brightness
ALIKE = 24  # levels that the channels of a grey picture may differ by, as after JPEG
MAY_BE = (
    "a mask is a PNG of object ids (0 is nothing), or of one object: bright on black, with hard or soft edges, grey, in one "
    "colour, or by its opacity"
)


@dataclass(frozen=True)
class MaskFile:
    """What a mask file holds: layers (H, W) uint8 of object ids, and its size (width, height) before it was turned."""

    layers: tuple[np.ndarray, ...]
    stored: tuple[int, int]


def decode_mask(content: bytes, name: str) -> MaskFile:
    """Read a mask file, upright as its EXIF says. SampleError that names `name` and says what a mask may be."""
    try:
        found = upright(content, whole=True)
        return MaskFile(_layers(found.image, _is_lossy(found.format, content)), found.stored)
    except (SampleError, *UNREADABLE) as error:
        reason = error.message if isinstance(error, SampleError) else f"{error}."
        raise SampleError(f"Cannot read mask {name}: {reason}") from error


def check_size(mask: np.ndarray, name: str, photo: np.ndarray, stored: tuple[int, int]) -> None:
    """Raise SampleError that names both sizes, unless mask (H, W) and photo (H, W, 3) are of one.

    `stored`: the photo's (width, height) before it was turned.
    """
    (height, width), (tall, wide) = mask.shape[:2], photo.shape[:2]
    if (height, width) == (tall, wide):
        return
    sizes = f"mask {name} is {width} × {height}, the photo {wide} × {tall}"
    if (width, height) == stored:
        raise SampleError(
            f"{sizes} as it is seen: it is stored as {width} × {height}, and its EXIF orientation turns it. "
            "Masks belong to the photo as it is seen: turn the mask likewise."
        )
    raise SampleError(f"{sizes}; they must be of one size.")


def _is_lossy(kind: str, content: bytes) -> bool:
    return kind in ("JPEG", "MPO", "AVIF", "HEIF") or (kind == "WEBP" and b"VP8L" not in content)


def _layers(image: Image.Image, lossy: bool) -> tuple[np.ndarray, ...]:
    if image.mode == "P":
        return _of_palette(image)
    if image.mode in ("RGB", "RGBA", "RGBX", "LA", "La", "PA", "RGBa", "CMYK", "YCbCr", "HSV", "LAB"):
        return _of_colours(image, lossy)
    if image.mode == "1":
        return (np.asarray(image).astype(np.uint8),)
    return _of_grey(np.asarray(image), lossy)


def _of_palette(image: Image.Image) -> tuple[np.ndarray, ...]:
    """The indices are ids, unless all colours that occur are grey: then these are what is meant."""
    index = np.asarray(image)
    used = np.unique(index)
    colours = _palette(image)[used]
    if (colours[:, :3].max(1) == colours[:, :3].min(1)).all() and (colours[:, 3] == 255).all():
        table = np.zeros(256, np.uint8)
        table[used] = colours[:, 0]
        return _of_grey(table[index], lossy=False)
    black = used[(colours[:, :3].max(1) == 0) | (colours[:, 3] == 0)]
    if len(used) > FEW and _scattered(index, 0, 0):
        raise SampleError(f"it is a picture in {len(used)} colours; {MAY_BE}.")
    ids = index.astype(np.uint8)
    if len(black) and 0 not in black:  # the ground is another colour than the first
        return _numbered(index, black)
    return (np.where(np.isin(index, used[colours[:, 3] == 0]), 0, ids).astype(np.uint8),)


def _palette(image: Image.Image) -> np.ndarray:
    """Its 256 colours (256, 4): those that the file does not name are some that is neither grey nor clear."""
    colours = np.tile(np.array([255, 0, 255, 255], np.uint8), (256, 1))
    given = np.array(image.getpalette("RGBA") or [], np.uint8).reshape(-1, 4)[:256]
    colours[: len(given)] = given
    hidden = image.info.get("transparency")
    if isinstance(hidden, bytes):
        colours[: len(hidden), 3] = list(hidden[:256])
    elif isinstance(hidden, int):
        colours[hidden, 3] = 0
    return colours


def _of_colours(image: Image.Image, lossy: bool) -> tuple[np.ndarray, ...]:
    if image.mode == "La":
        image = image.convert("LA")
    rgba = np.asarray(image.convert("RGBA"))
    colour, alpha = rgba[..., :3].astype(np.int32), rgba[..., 3]
    if int(alpha.min()) < 255:
        visible = colour[alpha > MAX_IDS // 2]
        if not visible.size:
            return _of_grey(alpha, lossy)
        plain = (visible == visible[0]).all()
        if plain or len(_distinct(visible)) > MAX_IDS:  # one colour, or a cut-out: its opacity is the mask
            return _of_grey(alpha, lossy)
        colour = np.where(alpha[..., None] > MAX_IDS // 2, colour, 0)
    brightest, darkest = colour.max(2), colour.min(2)
    if int((brightest - darkest).max()) <= (ALIKE if lossy else 0):
        return _of_grey(brightest.astype(np.uint8), lossy)
    coded = (colour[..., 0] << 16) | (colour[..., 1] << 8) | colour[..., 2]
    if _of_one_hue(colour):
        return _of_grey(brightest.astype(np.uint8), lossy)
    soft = _climbs(brightest, 0, int(brightest.max()), many=True) or any(_of_edges(colour[..., c]) for c in range(3))
    if lossy or soft or np.unique(coded).size > MAX_IDS:
        raise SampleError(f"it is a picture in many colours; {MAY_BE}.")
    return _numbered(coded, np.array([0]))


def _distinct(colours: np.ndarray) -> np.ndarray:
    return np.unique((colours[:, 0] << 16) | (colours[:, 1] << 8) | colours[:, 2])


def _of_one_hue(colour: np.ndarray) -> bool:
    """Whether every colour is black, or the brightest one darkened: one object in one colour, with soft edges."""
    brightest = colour.max(2)
    full = colour.reshape(-1, 3)[int(brightest.argmax())]
    expected = brightest[..., None] * full / max(int(full.max()), 1)
    return bool((np.abs(expected - colour) <= ALIKE / 2).all())


def _of_grey(values: np.ndarray, lossy: bool) -> tuple[np.ndarray, ...]:
    """Ids, or one object, from one channel of any depth."""
    if not np.isfinite(values).all():
        raise SampleError(f"it holds values that are not finite; {MAY_BE}.")
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        values = levels(values)
    found, counts = _counted(values)
    if found[0] < 0:
        raise SampleError(f"it holds negative values (least {found[0]}); {MAY_BE}.")
    low, high = _ends(found, counts)
    many = len(found) > FEW
    margin = (high - low) * NEAR
    at_ends = counts[(found <= low + margin) | (found >= high - margin)].sum() / values.size
    if lossy:
        bright = counts[found > low + margin].sum()
        between = bright - counts[found >= high - margin].sum()
        if between > BETWEEN * bright and not _climbs(values, low, high, many):
            raise SampleError(f"it was saved with losses (as JPEG is), and cannot hold object ids; {MAY_BE}.")
        return (_object(values, found[-1]),)
    if len(found) > 2 and (many or high >= BRIGHT):
        climbs = _climbs(values, low, high, many)
        if (
            low <= DARK * high
            and at_ends >= AT_ENDS
            and (climbs or (at_ends >= NOISY_AT_ENDS and _scattered(values, low, high)))
        ):
            return (_object(values, found[-1]),)
        if many and climbs:
            raise SampleError(f"it is a picture of {len(found)} levels, neither ids nor one object; {MAY_BE}.")
    return _ids(values, found)


def _ids(values: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each of the values that occur as an object of its own."""
    if _of_edges(values):
        raise SampleError(f"it holds several objects with soft edges, whose {len(found)} levels are no ids; {MAY_BE}.")
    if found[-1] <= MAX_IDS:
        return (values.astype(np.uint8),)
    return _numbered(values, np.array([0]))


def _counted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values that occur, and how often."""
    if values.dtype != np.uint8:
        return np.unique(values, return_counts=True)
    counts = np.bincount(values.ravel(), minlength=256)
    return np.flatnonzero(counts), counts[counts > 0]


def _object(values: np.ndarray, largest: float) -> np.ndarray:
    return (values > largest / 2).astype(np.uint8)


def _ends(found: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """The most frequent value of the lower and of the upper half of the range."""
    upper = found > found[-1] / 2
    low = found[~upper][counts[~upper].argmax()] if (~upper).any() else found[0]
    return float(low), float(found[upper][counts[upper].argmax()]) if upper.any() else float(found[-1])


def _climbs(values: np.ndarray, low: float, high: float, many: bool) -> bool:
    """Whether most pixels between the ends have a lower and a higher neighbour: so it is across an edge, not inside an area."""
    margin = (high - low) * NEAR if many else 0
    between = (values > low + margin) & (values < high - margin)
    if not between.any():
        return _climbs(values, low, high, many=False) if many else False
    lower, higher = _around(values, np.minimum) < values, _around(values, np.maximum) > values
    return bool((lower & higher)[between].mean() >= CLIMBING)


def _of_edges(values: np.ndarray) -> bool:
    """Whether most of many values occur on edges alone, between a lower and a higher neighbour: no object is only that."""
    found, number, counts = np.unique(values, return_inverse=True, return_counts=True)
    climbs = (_around(values, np.minimum) < values) & (_around(values, np.maximum) > values)
    climbing = np.bincount(number.ravel(), climbs.ravel(), len(found))
    return len(found) > FEW and bool((climbing >= CLIMBING * counts).mean() > CLIMBING)


def _scattered(values: np.ndarray, low: float, high: float) -> bool:
    """Whether what is not at the ends lies here and there, as the noise of lossy files does, and hardly anywhere in an area."""
    between = (values != low) & (values != high)
    even = _around(values, np.minimum) == _around(values, np.maximum)
    return bool(even[between].mean() < SCATTERED)


def _around(values: np.ndarray, least_or_most: np.ufunc) -> np.ndarray:
    """The least or the most of each pixel and its eight neighbours."""
    padded = np.pad(values, 1, mode="edge")
    rows = least_or_most(least_or_most(padded[:-2], padded[1:-1]), padded[2:])
    found: np.ndarray = least_or_most(least_or_most(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return found


def _numbered(values: np.ndarray, ground: np.ndarray) -> tuple[np.ndarray, ...]:
    """Ids 1 … 255 for whatever values occur but those of the ground, in as many layers as that takes."""
    objects = np.setdiff1d(np.unique(values), ground)
    place = np.searchsorted(objects, values).clip(0, max(len(objects) - 1, 0))
    known = (objects[place] == values) if len(objects) else np.zeros(values.shape, bool)
    layers: Sequence[np.ndarray] = [
        np.where(known & (place // MAX_IDS == number), place % MAX_IDS + 1, 0).astype(np.uint8)
        for number in range(max(1, -(-len(objects) // MAX_IDS)))
    ]
    return tuple(layers)

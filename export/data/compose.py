"""`compose`: a test set of two objects that touch, made of photos with masks; one tap must tell one from the other.

Two objects are cut out of two photos, laid on a third and pushed together until they meet. Whatever else the
third photo shows is unlabelled, as in any sample.
"""

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from tqdm import tqdm

from export.data.boxes import tight_box
from export.data.parts import SampleError
from export.data.samples import Sample, ShardDataset
from export.data.shards import add_sample
from export.errors import ExportError
from export.files import write_whole
from export.messages import say

SHARE = (0.35, 0.6)  # of the photo's shorter side: the longer side of a pasted object
WHOLE = 0.98  # of an object's pixels lie in one piece; others are several objects in one mask
AREA = (0.02, 0.6)  # of the photo an object is cut from
TRIES = 50


class ComposeError(ExportError):
    """The data give no pair to compose."""


def cut_object(sample: Sample) -> tuple[np.ndarray, np.ndarray] | None:
    """The largest object that is in one piece: its pixels (h, w, 3) and mask (h, w) bool, or None."""
    best: np.ndarray | None = None
    for mask in sample.masks():
        if not AREA[0] < mask.mean() < AREA[1]:
            continue
        pieces, _ = ndimage.label(mask)
        if np.bincount(pieces.ravel())[1:].max() < WHOLE * mask.sum():
            continue
        if best is None or mask.sum() > best.sum():
            best = mask
    if best is None:
        return None
    x1, y1, x2, y2 = tight_box(best)
    return sample.photo[y1 : y2 + 1, x1 : x2 + 1], best[y1 : y2 + 1, x1 : x2 + 1]


def scaled(cut: tuple[np.ndarray, np.ndarray], longest: int) -> tuple[np.ndarray, np.ndarray]:
    """The object with its longer side at `longest` pixels."""
    pixels, mask = cut
    factor = longest / max(mask.shape)
    size = (max(4, round(mask.shape[1] * factor)), max(4, round(mask.shape[0] * factor)))
    photo = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    region = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(photo), np.asarray(region) > 127


def touching(left: np.ndarray, right: np.ndarray) -> int | None:
    """How many columns to the right of `left`'s first one `right` starts, so that they touch and do not overlap.

    Both are (h, w) bool of the same height. None if no row holds both.
    """
    rows = left.any(1) & right.any(1)
    if not rows.any():
        return None
    last = left.shape[1] - left[rows, ::-1].argmax(1)
    first = right[rows].argmax(1)
    return int((last - first).max())


def pair(background: np.ndarray, cuts: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    """Lay two objects side by side on `background` (H, W, 3), in place; returns their ids (H, W) uint8, 0 elsewhere.

    Raises ValueError if they do not fit.
    """
    height, width = background.shape[:2]
    objects = [scaled(cut, int(min(height, width) * rng.uniform(*SHARE))) for cut in cuts]
    tallest = max(mask.shape[0] for _, mask in objects)
    padded = []
    for pixels, mask in objects:
        above = (tallest - mask.shape[0]) // 2
        rows = (above, tallest - mask.shape[0] - above)
        padded.append((np.pad(pixels, (rows, (0, 0), (0, 0))), np.pad(mask, (rows, (0, 0)))))
    shift = touching(padded[0][1], padded[1][1])
    if shift is None or shift < 0 or shift + padded[1][1].shape[1] > width or tallest > height:
        raise ValueError("The two objects do not fit side by side.")
    x = int(rng.integers(0, width - shift - padded[1][1].shape[1] + 1))
    y = int(rng.integers(0, height - tallest + 1))
    ids = np.zeros((height, width), np.uint8)
    for number, (start, (pixels, mask)) in enumerate(zip((x, x + shift), padded, strict=True), 1):
        columns = slice(start, min(width, start + mask.shape[1]))
        mask, pixels = mask[:, : columns.stop - start], pixels[:, : columns.stop - start]
        background[y : y + tallest, columns][mask] = pixels[mask]
        ids[y : y + tallest, columns][mask] = number
    return ids


def compose_one(samples: ShardDataset, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A photo (H, W, 3) uint8 with two touching objects, and their ids (H, W) uint8."""
    for _ in range(TRIES):
        first, second, third = (samples[int(i)] for i in rng.choice(len(samples), 3, replace=False))
        cuts = [cut for cut in (cut_object(first), cut_object(second)) if cut]
        if len(cuts) < 2:
            continue
        photo = third.photo.copy()
        try:
            ids = pair(photo, cuts, rng)
        except ValueError:
            continue
        if all((ids == number).mean() > AREA[0] / 2 for number in (1, 2)):
            return photo, ids
    raise ComposeError(
        f"No two objects that fit were found in {TRIES} draws: give photos with larger objects in --data."
    )


def compose(data: tuple[str, ...], out: Path, count: int, seed: int) -> None:
    """Write a shard of composed photos with two touching objects each."""
    samples = ShardDataset(data)
    if len(samples) < 3:
        raise SampleError(f"{len(samples)} photos are too few to compose from: three are needed.")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for number in tqdm(range(count), unit="photo"):
            photo, ids = compose_one(samples, np.random.default_rng([seed, number]))
            add_sample(tar, f"{number:05}", photo, [ids])
    write_whole(out, buffer.getvalue())
    say(f"Wrote {out} ({count} photos, {2 * count} objects).")

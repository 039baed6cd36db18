"""One training example from a sample: crop, flip, scale, a pasted second object; photo and soft low-res targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from export.data.samples import Sample
from export.models.geometry import LOW_RES_STRIDE

PAD = np.array([124, 116, 104], np.uint8)  # SAM's mean colour: 0 after normalisation, like the padding at inference
MIN_AREA = 0.001  # of the crop; smaller regions are a few model pixels and only teach noise
SIZE_WEIGHT = (
    0.25  # a region is drawn with its area to this power: 0 is every region alike, 0.5 let small objects starve
)
PASTES = (0.5, 0.3, 0.2)  # share of pasted photos with one, two and three objects laid on


@dataclass(frozen=True)
class Augment:
    """How examples vary. `size`: model frame in pixels; `masks`: targets per photo; `paste`: share with pasted objects."""

    size: int
    masks: int = 2
    paste: float = 0.5
    crop: float = 0.5

    def __call__(self, sample: Sample, others: Sequence[Sample], rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Lay objects of `others` over `sample` and vary the picture.

        Returns image (S, S, 3) uint8, targets (masks, G, G) uint8 soft 0…255, valid (G, G) bool (not padding).
        """
        photo, chosen = _crop_and_scale(sample, self, rng)
        if rng.random() < self.paste:
            for _ in range(rng.choice((1, 2, 3), p=PASTES)):  # from one photo twice: two of a kind side by side
                photo, chosen = _paste(photo, chosen, others[int(rng.integers(len(others)))], self, rng)
            chosen = [chosen[i] for i in rng.permutation(len(chosen))]
        if rng.random() < 0.5:
            photo, chosen = photo[:, ::-1], [mask[:, ::-1] for mask in chosen]
        height, width = photo.shape[:2]
        image = np.empty((self.size, self.size, 3), np.uint8)
        image[:] = PAD
        image[:height, :width] = _jitter_colour(photo, rng)
        grid = self.size // LOW_RES_STRIDE
        valid = np.zeros((grid, grid), bool)
        valid[: -(-height // LOW_RES_STRIDE), : -(-width // LOW_RES_STRIDE)] = True
        while len(chosen) < self.masks:
            chosen = chosen + chosen
        targets = np.stack([pool(mask, self.size) for mask in chosen[: self.masks]])
        return {"image": image, "targets": targets, "valid": valid}


def _crop_and_scale(sample: Sample, augment: Augment, rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    regions = regions_of(sample, rng, augment.masks)
    height, width = sample.photo.shape[:2]
    box = (0, 0, width, height)
    if rng.random() < augment.crop:
        box = _crop_around(regions[0], rng)
    crop_width, crop_height = box[2] - box[0], box[3] - box[1]
    stretch = float(np.exp(rng.uniform(-0.2, 0.2)))
    scale = augment.size * float(rng.uniform(0.7, 1.0) if rng.random() < 0.3 else 1.0)
    new_width, new_height = crop_width * stretch, float(crop_height)
    factor = scale / max(new_width, new_height)
    size = (max(16, round(new_width * factor)), max(16, round(new_height * factor)))
    photo = np.asarray(Image.fromarray(sample.photo).resize(size, Image.Resampling.BILINEAR, box=box))
    masks = [np.asarray(Image.fromarray(r).resize(size, Image.Resampling.BILINEAR, box=box)) for r in regions]
    kept = [m for m in masks if m.mean() > 255 * MIN_AREA]
    return photo, kept or masks[:1]


def regions_of(sample: Sample, rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Draw up to `count` masks (H, W) uint8 0/255, large ones more often (see SIZE_WEIGHT)."""
    found = [
        (layer, object_id, area)
        for layer in sample.layers
        for object_id, area in enumerate(np.bincount(layer.ravel(), minlength=2))
        if object_id and area > MIN_AREA * layer.size
    ]
    if not found:
        return [(np.maximum.reduce(sample.layers) > 0).astype(np.uint8) * 255]
    weights = np.power([float(area) for _, _, area in found], SIZE_WEIGHT)
    picks = rng.choice(len(found), min(count, len(found)), replace=False, p=weights / weights.sum())
    return [(found[i][0] == found[i][1]).astype(np.uint8) * 255 for i in picks]


def _crop_around(region: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A window of 50–100 % of each side that keeps the centre of the region's box."""
    height, width = region.shape
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    if not len(rows):
        return 0, 0, width, height
    centre = ((columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2)
    box = []
    share = rng.uniform(0.5, 1.0)
    for at, side in zip(centre, (width, height), strict=True):
        length = max(32.0, side * min(1.0, share * float(rng.uniform(0.85, 1.15))))
        low = rng.uniform(max(0.0, at - length), max(0.0, min(at, side - length)) + 1e-6)
        box.append((int(max(0.0, min(low, side - length))), int(min(side, max(0.0, min(low, side - length)) + length))))
    return box[0][0], box[1][0], box[0][1], box[1][1]


def _paste(
    photo: np.ndarray, masks: list[np.ndarray], other: Sample, augment: Augment, rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Lay an object of another photo over this one; it becomes a target, what it covers leaves the others.

    Photos with a single labelled object teach saliency; with two, only the prompt tells which one is meant.
    """
    region = regions_of(other, rng, 1)[0]
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    if len(rows) < 8 or len(columns) < 8:
        return photo, masks
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    height, width = photo.shape[:2]
    side = augment.size * float(np.exp(rng.uniform(*np.log((0.06, 0.7)))))
    factor = side / max(box[2] - box[0], box[3] - box[1])
    size = (
        min(width, max(8, round((box[2] - box[0]) * factor))),
        min(height, max(8, round((box[3] - box[1]) * factor))),
    )
    cut = np.asarray(Image.fromarray(other.photo).resize(size, Image.Resampling.BILINEAR, box=box))
    cut_mask = np.asarray(Image.fromarray(region).resize(size, Image.Resampling.BILINEAR, box=box))
    if rng.random() < 0.5:
        cut, cut_mask = cut[:, ::-1], cut_mask[:, ::-1]
    x, y = int(rng.integers(0, width - size[0] + 1)), int(rng.integers(0, height - size[1] + 1))
    pasted = np.zeros((height, width), np.uint8)
    pasted[y : y + size[1], x : x + size[0]] = cut_mask
    alpha = cut_mask[..., None].astype(np.float32) / 255
    photo = photo.copy()
    under = photo[y : y + size[1], x : x + size[0]]
    under[:] = (under * (1 - alpha) + cut * alpha).astype(np.uint8)
    left = [np.minimum(mask, 255 - pasted) for mask in masks]
    left = [mask for mask in left if mask.mean() > 255 * MIN_AREA]
    return photo, [pasted, *left]


def _jitter_colour(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brightness, contrast, colour cast and now and then grey."""
    pixels = photo.astype(np.float32)
    gains = rng.uniform(0.7, 1.3) * rng.uniform(0.93, 1.07, 3)
    pixels = (pixels - 128) * gains.astype(np.float32) + 128 + float(rng.uniform(-25, 25))
    if rng.random() < 0.05:
        pixels = np.repeat(pixels.mean(2, keepdims=True), 3, axis=2)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def pool(mask: np.ndarray, size: int) -> np.ndarray:
    """Pad a mask 0…255 to the square frame and average it over each low-res cell."""
    frame = np.zeros((size, size), np.uint16)
    frame[: mask.shape[0], : mask.shape[1]] = mask
    grid = size // LOW_RES_STRIDE
    cells = frame.reshape(grid, LOW_RES_STRIDE, grid, LOW_RES_STRIDE)
    return cells.mean((1, 3)).astype(np.uint8)

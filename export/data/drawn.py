"""Synthetic photos with exact masks (coloured ellipses on a gradient), for trying every step without data."""

from pathlib import Path

import numpy as np
from PIL import Image


def scene(seed: int, width: int = 160, height: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo (H, W, 3) uint8 and its object ids (H, W) uint8: two ellipses, side by side."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    photo = np.stack([60 + 80 * x / width, 90 + 60 * y / height, np.full(x.shape, 110.0)], axis=-1)
    ids = np.zeros((height, width), np.uint8)
    for number, centre in enumerate((0.28, 0.72), start=1):
        cx, cy = centre * width + rng.uniform(-6, 6), height * rng.uniform(0.4, 0.6)
        rx, ry = width * rng.uniform(0.1, 0.17), height * rng.uniform(0.15, 0.3)
        inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        ids[inside] = number
        photo[inside] = rng.uniform(140, 255, 3) * (1, 0.4, 0.7)
    photo += rng.normal(0, 4, photo.shape)
    return np.clip(photo, 0, 255).astype(np.uint8), ids


def write_folder(folder: Path, count: int, first: int = 0) -> Path:
    """Write scenes number `first`, `first` + 1, … as `<key>.webp` and `<key>.png` into a folder; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        photo, ids = scene(seed)
        Image.fromarray(photo).save(folder / f"scene{seed:03}.webp", lossless=True)
        Image.fromarray(ids).save(folder / f"scene{seed:03}.png")
    return folder

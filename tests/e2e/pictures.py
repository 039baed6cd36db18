"""Pictures that tests make themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ORIENTATION = 0x0112  # EXIF tag
TURN_RIGHT = 6  # "the stored picture must be turned by 90° clockwise": a phone held upright


def scene(width: int, height: int, disc: tuple[int, int, int]) -> Image.Image:
    """A red disc (x, y, radius) and a blue bar on a ground that shades from corner to corner."""
    across, down = np.arange(width) * 90 // width, np.arange(height) * 90 // height
    ground = np.empty((height, width, 3), np.uint8)
    ground[..., 0] = 60 + across
    ground[..., 1] = 90 + down[:, None]
    ground[..., 2] = 70
    picture = Image.fromarray(ground)
    draw = ImageDraw.Draw(picture)
    x, y, radius = disc
    draw.rectangle((width // 20, height * 9 // 10, width // 2, height * 19 // 20), fill=(40, 60, 200))
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(210, 40, 30))
    return picture


def lossless(folder: Path) -> Path:
    """A small PNG with noise, so that every pixel is its own."""
    noise = np.random.default_rng(1).integers(0, 40, (240, 320, 3), np.uint8)
    picture = np.asarray(scene(320, 240, (200, 110, 70))) + noise
    path = folder / "lossless.png"
    Image.fromarray(picture).save(path)
    return path


def turned(folder: Path, kind: str = "jpg") -> Path:
    """A picture that is stored lying (320 × 240) and shown upright (240 × 320)."""
    path = folder / f"turned-{kind}.{kind}"
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    scene(320, 240, (230, 90, 60)).save(path, exif=exif, quality=95)
    return path


def huge(folder: Path) -> Path:
    """48 megapixels."""
    path = folder / "huge.jpg"
    scene(8000, 6000, (5000, 2600, 1500)).save(path, quality=90)
    return path

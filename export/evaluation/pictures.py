"""Helpers for pictures: distinct colours, and saving as PNG."""

import colorsys
import io
from pathlib import Path

import numpy as np
from PIL import Image

from export.files import write_whole


def colours(count: int) -> np.ndarray:
    """(count, 3) RGB 0…255, neighbours far apart: hues a golden angle from each other."""
    hues = (np.arange(count) * 0.618034) % 1
    values = [colorsys.hsv_to_rgb(hue, 0.75, (1.0, 0.8)[i % 2]) for i, hue in enumerate(hues)]
    return np.array(values, np.float32).reshape(-1, 3) * 255


def save(pixels: np.ndarray, path: Path) -> None:
    """Write RGB (H, W, 3) uint8 as a PNG, whole."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    write_whole(path, buffer.getvalue())

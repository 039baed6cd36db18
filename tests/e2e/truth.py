"""Hand-made ground truth for the sample photos: polygons in photo pixels, where pixel `i` covers `[i, i + 1)`.

`python -m tests.e2e.truth FOLDER` draws them over the photos, to be looked at.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "web" / "public" / "samples"
FOLDER = Path(__file__).with_name("ground_truth")
SUPERSAMPLING = 8


@dataclass(frozen=True)
class Truth:
    """One object: where to tap it, and which pixels are its own."""

    photo: str
    size: tuple[int, int]
    name: str
    point: tuple[int, int]
    polygons: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def file(self) -> Path:
        return SAMPLES / self.photo

    def mask(self) -> np.ndarray:
        """(H, W) bool: the pixels that lie in the polygons by half or more."""
        width, height = self.size
        fine = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
        draw = ImageDraw.Draw(fine)
        for polygon in self.polygons:
            draw.polygon([(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in polygon], fill=255)
        return np.asarray(fine.reduce(SUPERSAMPLING)) >= 128


def read_all() -> list[Truth]:
    """Every object of every sample photo."""
    objects = []
    for path in sorted(FOLDER.glob("*.json")):
        stored = json.loads(path.read_text())
        size = (stored["width"], stored["height"])
        for item in stored["objects"]:
            polygons = tuple(tuple((x, y) for x, y in polygon) for polygon in item["polygons"])
            objects.append(Truth(stored["photo"], size, item["name"], tuple(item["point"]), polygons))
    return objects


def draw_all(folder: Path, zoom: int = 3) -> None:
    """Write each sample photo, enlarged, with its polygons and tap points."""
    pictures: dict[str, Image.Image] = {}
    for truth in read_all():
        if truth.photo not in pictures:
            with Image.open(truth.file) as photo:
                pictures[truth.photo] = photo.convert("RGB").resize((photo.width * zoom, photo.height * zoom))
        draw = ImageDraw.Draw(pictures[truth.photo])
        for polygon in truth.polygons:
            draw.polygon([(x * zoom, y * zoom) for x, y in polygon], outline="lime", width=2)
        x, y = ((value + 0.5) * zoom for value in truth.point)
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill="magenta")
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(folder / Path(name).with_suffix(".png"))


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]))

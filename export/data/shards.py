"""Writing samples into a tar shard, in the layout that samples.py reads."""

import io
import tarfile
from collections.abc import Sequence

import numpy as np
from PIL import Image


def add_sample(
    tar: tarfile.TarFile, key: str, photo: np.ndarray, layers: Sequence[np.ndarray], ignore: np.ndarray | None = None
) -> None:
    """Add a photo (H, W, 3) uint8 as `<key>.webp` without loss, and its layers of ids (H, W) uint8 as PNG."""
    key = key.replace(".", "_")  # what follows the first dot is the ending
    _add(tar, f"{key}.webp", Image.fromarray(photo), format="WEBP", lossless=True, quality=0)
    for number, layer in enumerate(layers):
        _add(tar, f"{key}.{number}.png" if number else f"{key}.png", Image.fromarray(layer), format="PNG")
    if ignore is not None:
        _add(tar, f"{key}.ignore.png", Image.fromarray(ignore.astype(np.uint8) * 255), format="PNG")


def _add(tar: tarfile.TarFile, name: str, image: Image.Image, **options: object) -> None:
    buffer = io.BytesIO()
    image.save(buffer, **options)  # type: ignore[arg-type]
    entry = tarfile.TarInfo(name)  # without a date: the same content gives the same file
    entry.size = buffer.tell()
    buffer.seek(0)
    tar.addfile(entry, buffer)

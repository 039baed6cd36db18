"""`Results`: the files that `everything` writes into one folder, two a photo, none in the place of another's."""

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from export.evaluation.pictures import save
from export.files import sha256, write_json
from export.names import distinct, kept_name

ENDING = ".everything"


class Results:
    """Names for the results of photos in a folder; those that are there already, of other photos, stay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        suffix = f"{ENDING}.json"
        self._there = {path.name.removesuffix(suffix).lower(): path for path in sorted(folder.glob(f"*{suffix}"))}
        self._used: set[str] = set()

    def name(self, photo: Path) -> str:
        """Return the photo's own name, made safe; numbered where the name is another photo's, here or of an earlier run."""
        digest = sha256(photo)
        theirs = {name for name, path in self._there.items() if _digest(path) != digest}
        (name,) = distinct([kept_name(photo.name)], theirs | self._used)
        self._used.add(name.lower())
        return name

    def write(self, name: str, picture: np.ndarray, content: dict[str, Any]) -> None:
        """Write the picture (H, W, 3) uint8 and the JSON of one photo, each whole."""
        save(picture, self.folder / f"{name}{ENDING}.png")
        write_json(self.folder / f"{name}{ENDING}.json", content, indent=None)  # indented, run lengths take a line each


def _digest(path: Path) -> object:
    """The sum of the photo that a result is of, as it states it."""
    try:
        return json.loads(path.read_text())["images"][0]["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def image_id(name: str, width: int, height: int) -> int:
    """Return a photo's number in COCO files: positive, in 31 bits, from its name and size as the page counts it."""
    codes = (ord(letter) for letter in f"{name} {width} {height}")
    content = bytes(part & 255 for code in codes for part in (code >> 16, code >> 8, code))
    return (zlib.crc32(content) & 0x7FFFFFFF) or 1

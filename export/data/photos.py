"""`Photos`: the photos of shards and folders without their masks, for running a teacher.

A photo is named after its source and its key, `duts-tr-000/0001`, so that its name stays when the data moves to another disk.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from export.data.dataset import found, source_name
from export.data.decoded import PHOTO_ENDINGS, decode_photo
from export.data.parts import Part, SampleError, grouped


class Photos(Sequence[np.ndarray]):
    """A sequence of photos (H, W, 3) uint8 RGB; one that is named twice occurs once. `limit`: that many, evenly spread."""

    def __init__(self, sources: Sequence[str | Path], limit: int | None = None) -> None:
        self._parts: dict[str, Part] = {}
        for path in found(sources):
            for key, files in grouped(path).items():
                photo = next((files[e] for e in PHOTO_ENDINGS if e in files), None)
                if photo:
                    self._parts.setdefault(f"{source_name(path)}/{key}", photo)
        if not self._parts:
            raise SampleError(
                f"No photo in {', '.join(map(str, sources))}: expected files that end in {' '.join(PHOTO_ENDINGS)}."
            )
        self.names = list(self._parts)
        if limit and limit < len(self.names):  # some of every source
            self.names = [self.names[i * len(self.names) // limit] for i in range(limit)]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> np.ndarray:  # type: ignore[override]
        return self.read(index)[0]

    def read(self, index: int) -> tuple[np.ndarray, int]:
        """Return the photo, and a checksum (CRC-32) of its file."""
        name = self.names[index]
        part = self._parts[name]
        content = part.read()
        return decode_photo(content, f"{name} of {part.path}")[0], zlib.crc32(content)

"""Training examples of `distill`: letterboxed photos with the teacher's cached embeddings and random prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.data.embeddings import CacheError, Embeddings
from export.data.examples import Make, More
from export.data.frames import letterboxed
from export.data.photos import Photos
from export.training.prompts import random_prompts

MAP = "map."  # prefix of a teacher's map in an example


@dataclass(frozen=True)
class View:
    """A photo in the frame: `frame` as `letterboxed` returns it, `name` and `flipped` say which one it is."""

    frame: dict[str, np.ndarray]
    name: str
    flipped: bool


class Views(Sequence[View]):
    """Photos in a frame of `input_size`; with a cache, those (and only those) that it knows, mirrored ones too."""

    def __init__(self, photos: Photos, input_size: int, cached: Embeddings | None) -> None:
        self.photos, self.input_size, self.cached = photos, input_size, cached
        number_of = {name: number for number, name in enumerate(photos.names)}
        known = list(cached.rows()) if cached else [(name, False) for name in photos.names]
        self._rows = [(number_of[name], flipped) for name, flipped in known if name in number_of]
        self.uncached = len(photos) - len({number for number, _ in self._rows})
        if not self._rows:
            raise CacheError("The cache has none of the photos of --data: give the --data that it was made from.")

    def __len__(self) -> int:
        return len(self._rows)

    def identity(self, index: int) -> str:
        """The photo's name; a mirrored view has it too."""
        return self.photos.names[self._rows[index][0]]

    def __getitem__(self, index: int) -> View:  # type: ignore[override]
        number, flipped = self._rows[index]
        name = self.photos.names[number]
        photo, checksum = self.photos.read(number)
        if self.cached and self.cached.checksum(name, flipped) != checksum:
            raise CacheError(f"Photo {name} is not the one that was cached under this name: cache its folder again.")
        return View(letterboxed(photo, self.input_size, flipped), name, flipped)


def example_of(cached: Embeddings | None, prompts: int) -> Make[View]:
    """How a view becomes an example: image, size, `prompts` random prompts, and the cached maps under "map.<name>"."""

    def make(view: View, _: More[View], rng: np.random.Generator) -> dict[str, np.ndarray]:
        height, width = (int(side) for side in view.frame["size"])
        asked = random_prompts(height, width, prompts, rng) if prompts else {}
        maps = cached.read(view.name, view.flipped) if cached else {}
        return {**view.frame, **asked, **{MAP + name: value.numpy() for name, value in maps.items()}}

    return make
